using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>
/// The metadata messages of one connection (BEP 9): sends the torrent's info dictionary to peers that resolve a magnet link, and passes on what the peer sends of it.
/// Pieces are sent one at a time. A peer that has received the whole several times gets no more, because no client needs it that often.
/// </summary>
/// <param name="peer">The peer.</param>
/// <param name="metadata">The info dictionary; empty if unknown, or not served.</param>
/// <param name="receiver">Receives the peer's metadata; null if none is requested.</param>
internal sealed class MetadataLink(PeerHandler peer, ReadOnlyMemory<byte> metadata, IMetadataReceiver? receiver = null) : IPeerExtension
{
    /// <summary>The maximum number of queued requests; more are rejected.</summary>
    public const int MaxWaiting = 64;

    /// <summary>How many times the whole may be requested, plus a few pieces extra for small ones.</summary>
    private const int Times = 4;
    private const int MorePieces = 16;

    /// <summary>The number of rejected requests after which it is a flood.</summary>
    private const int MaxRejected = 1000;

    private readonly Queue<int> _waiting = new();
    private readonly int _pieces = MetadataMessage.PieceCount(metadata.Length);
    private int _served;
    private int _rejected;

    public string Name => MetadataMessage.ExtensionName;

    public byte OwnId => MetadataMessage.OwnId;

    /// <summary>The size declared to peers; null if the metadata is unknown, or not served.</summary>
    public long? Size => metadata.Length > 0 ? metadata.Length : null;

    /// <summary>The metadata served for a torrent. Peers of a private torrent get it only from their tracker's site.</summary>
    public static ReadOnlyMemory<byte> ServedOf(Torrent torrent) => !torrent.IsPrivate && torrent.InfoBytes.Length <= MetadataMessage.MaxSize ? torrent.InfoBytes : default;

    /// <summary>Requests a piece; nothing is sent if the peer does not accept requests.</summary>
    public void Request(int piece) => Send(new MetadataMessage(MetadataMessageType.Request, piece), default);

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> payload)
    {
        MetadataMessage message = MetadataMessage.Read(payload, out ReadOnlySpan<byte> data);
        switch (message.Type)
        {
            case MetadataMessageType.Request:
                Serve(message.Piece);
                break;
            case MetadataMessageType.Data:
                receiver?.MetadataReceived(message, data); // pieces requested before the metadata was complete
                break;
            case MetadataMessageType.Reject:
                receiver?.MetadataRejected(message.Piece);
                break;
            default:
                break; // BEP 9: unknown types are ignored
        }
    }

    private void Serve(int piece)
    {
        if (piece < _pieces && _waiting.Count < MaxWaiting && _served + _waiting.Count < Times * _pieces + MorePieces)
        {
            _waiting.Enqueue(piece);
            peer.Flush();
        }
        else if (++_rejected <= MaxRejected)
        {
            Send(new MetadataMessage(MetadataMessageType.Reject, piece), default);
            peer.Flush();
        }
        else
        {
            peer.CloseFlooded("requests for metadata", _rejected);
        }
    }

    /// <inheritdoc/>
    public int NextLength => _waiting.TryPeek(out int piece) ? MetadataMessage.LengthOf(piece, metadata.Length) : 0;

    /// <inheritdoc/>
    public void SendNext()
    {
        int piece = _waiting.Dequeue();
        ReadOnlySpan<byte> data = metadata.Span.Slice(piece * MetadataMessage.BlockLength, MetadataMessage.LengthOf(piece, metadata.Length));
        Send(new MetadataMessage(MetadataMessageType.Data, piece, metadata.Length), data);
        _served++;
    }

    private void Send(MetadataMessage message, ReadOnlySpan<byte> data) => peer.QueueExtended(Name, message.ToBytes(), data);
}
