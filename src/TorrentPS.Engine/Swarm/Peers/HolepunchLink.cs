using TorrentPS.Engine.Net;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>Holepunching messages with one peer (BEP 55), passed to the torrent at a limited rate.</summary>
internal sealed class HolepunchLink(PeerSession peer, IHolepunchBroker broker) : IPeerExtension
{
    /// <summary>The maximum number of messages per minute from a peer, and of relayed ones to it.</summary>
    public const int PerMinute = 10;

    private const int MaxIgnored = 100;

    private readonly MinuteBudget _received = new(PerMinute);
    private readonly MinuteBudget _relayed = new(PerMinute);
    private int _ignored;

    public string Name => HolepunchMessage.ExtensionName;

    public byte OwnId => HolepunchMessage.OwnId;

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> payload)
    {
        if (HolepunchMessage.Read(payload) is { } message && _received.TryTake(broker.Now))
            broker.HolepunchReceived(peer, message);
        else if (++_ignored > MaxIgnored)
            peer.CloseFlooded("holepunch messages", _ignored);
    }

    /// <summary>Whether another connection request may be relayed to the peer.</summary>
    public bool TakesRelayed() => peer.Takes(Name) && _relayed.TryTake(broker.Now);

    public void Send(HolepunchMessage message)
    {
        peer.QueueExtended(Name, message.ToBytes());
        peer.Flush();
    }
}
