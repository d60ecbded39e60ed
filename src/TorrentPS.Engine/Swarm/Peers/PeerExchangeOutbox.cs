using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>What one peer has been told of the others (BEP 11), and when it may be told more: whom it does not know yet, and who went.</summary>
internal sealed class PeerExchangeOutbox(IPEndPoint receiver)
{
    /// <summary>Seconds between messages at least.</summary>
    public const double Interval = 60;

    /// <summary>Those that came in the first message at most.</summary>
    public const int MaxFirst = 100;

    /// <summary>Those that came or went in a later one at most, each.</summary>
    public const int MaxLater = 50;

    private readonly HashSet<IPEndPoint> _told = [];
    private readonly bool _isFar = AddressRules.ReachOf(receiver.Address) == AddressReach.World;
    private double _nextAt;
    private bool _isFirst = true;

    /// <summary>Where the receiver listens, when that is known: it knows itself.</summary>
    public IPEndPoint? Own { get; set; }

    /// <summary>Whether a message may be sent now.</summary>
    public bool IsDue(double now) => now >= _nextAt;

    /// <summary>The next message, which counts as sent; null when there is nothing to tell.</summary>
    /// <param name="connected">Those that we are connected to, the receiver itself included or not.</param>
    /// <param name="now">Seconds of the torrent's clock.</param>
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

    /// <summary>Whether an address means anything where the receiver is: nobody in the Internet is told of addresses in a local network, nor anybody elsewhere of those on this machine or cable.</summary>
    private bool Concerns(IPEndPoint endPoint)
    {
        AddressReach reach = AddressRules.ReachOf(endPoint.Address);
        return reach == AddressReach.World || (!_isFar && (reach == AddressReach.Site || AddressRules.ReachOf(receiver.Address) <= reach));
    }
}
