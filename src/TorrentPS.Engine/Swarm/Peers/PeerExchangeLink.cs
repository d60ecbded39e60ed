using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>Peer exchange with one peer (BEP 11).</summary>
internal sealed class PeerExchangeLink(PeerHandler peer, IPeerExchange exchange) : IPeerExtension
{
    private readonly PeerExchangeInbox _inbox = new();
    private readonly PeerExchangeOutbox _outbox = new(peer.EndPoint);
    private int _toldOf = -1;

    public string Name => PeerExchangeMessage.ExtensionName;

    public byte OwnId => PeerExchangeMessage.OwnId;

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> payload)
    {
        if (_inbox.Takes(exchange.Now))
            exchange.PeersExchanged(peer, PeerExchangeMessage.Read(payload));
        else if (_inbox.IsFlooded)
            peer.CloseFlooded("peer exchange messages", _inbox.Ignored);
    }

    /// <summary>Whether a message to the peer is due.</summary>
    /// <param name="version">Changes with the set of connected peers.</param>
    /// <param name="now">The torrent's clock, in seconds.</param>
    public bool IsDue(int version, double now) => version != _toldOf && _outbox.IsDue(now) && peer.Takes(Name);

    /// <summary>Sends the peer the added and dropped peers, if there are any.</summary>
    public void Tell(IReadOnlyList<ExchangedPeer> connected, int version, double now)
    {
        _outbox.Own = peer.Connection.Extensions.ListenEndPoint;
        if (_outbox.Next(connected, now) is not { } message)
        {
            _toldOf = version;
            return;
        }

        peer.QueueExtended(Name, message.ToBytes());
        peer.Flush();
    }
}
