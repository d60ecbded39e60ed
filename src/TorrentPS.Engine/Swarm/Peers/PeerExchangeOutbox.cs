using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The addresses sent to one peer by peer exchange (BEP 11), and the next message: peers that it does not know yet, and peers that left.</summary>
internal sealed class PeerExchangeOutbox(IPEndPoint receiver)
{
    /// <summary>The minimum number of seconds between messages.</summary>
    public const double Interval = 60;

    /// <summary>The maximum number of added peers in the first message.</summary>
    public const int MaxFirst = 100;

    /// <summary>The maximum number of added, and of dropped, peers in a later message.</summary>
    public const int MaxLater = 50;

    private readonly HashSet<IPEndPoint> _told = [];
    private readonly bool _isFar = AddressRules.ReachOf(receiver.Address) == AddressReach.World;
    private double _nextAt;
    private bool _isFirst = true;

    /// <summary>The receiver's listening address, if known, which is not sent to itself.</summary>
    public IPEndPoint? Own { get; set; }

    /// <summary>Whether a message may be sent now.</summary>
    public bool IsDue(double now) => now >= _nextAt;

    /// <summary>The next message, which then counts as sent; null if there is nothing to send.</summary>
    /// <param name="connected">The connected peers, with or without the receiver.</param>
    /// <param name="now">The torrent's clock, in seconds.</param>
    public PeerExchangeMessage? Next(IReadOnlyList<ExchangedPeer> connected, double now)
    {
        if (!IsDue(now))
            return null;
        int limit = _isFirst ? MaxFirst : MaxLater;
        List<ExchangedPeer> added = [];
        HashSet<IPEndPoint> still = new(connected.Count);
        foreach (ExchangedPeer peer in connected)
        {
            if (peer.EndPoint.Equals(Own ?? receiver) || !Concerns(peer.EndPoint) || !still.Add(peer.EndPoint) || added.Count >= limit)
                continue;
            if (!_told.Contains(peer.EndPoint))
                added.Add(peer);
        }

        List<IPEndPoint> dropped = [];
        foreach (IPEndPoint told in _told)
        {
            if (dropped.Count < limit && !still.Contains(told))
                dropped.Add(told);
        }

        if (added.Count == 0 && dropped.Count == 0)
            return null;
        foreach (ExchangedPeer peer in added)
            _told.Add(peer.EndPoint);
        _told.ExceptWith(dropped);
        _isFirst = false;
        _nextAt = now + Interval;
        return new PeerExchangeMessage { Added = added, Dropped = dropped };
    }

    /// <summary>
    /// Whether an address is meaningful at the receiver: peers in the Internet get no addresses of a local network, and peers elsewhere none of this machine or link.
    /// </summary>
    private bool Concerns(IPEndPoint endPoint)
    {
        AddressReach reach = AddressRules.ReachOf(endPoint.Address);
        return reach == AddressReach.World || (!_isFar && (reach == AddressReach.Site || AddressRules.ReachOf(receiver.Address) <= reach));
    }
}
