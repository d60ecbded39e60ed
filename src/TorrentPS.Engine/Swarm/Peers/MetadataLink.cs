using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>
/// The metadata messages of one connection (BEP 9): sends the torrent's info dictionary to a peer that came with a magnet link, and passes on what the peer sends of it. It sends one piece
/// at a time. A peer that has received the whole of it several times gets no more, since no client needs it that often.
/// </summary>
/// <param name="peer">The peer.</param>
/// <param name="metadata">The info dictionary; empty where it is not there, or not served.</param>
/// <param name="receiver">Takes what the peer sends; null when it is asked for nothing.</param>
internal sealed class MetadataLink(PeerHandler peer, ReadOnlyMemory<byte> metadata, IMetadataReceiver? receiver = null) : IPeerExtension
{
    /// <summary>Requests that wait; more are rejected.</summary>
    public const int MaxWaiting = 64;

    /// <summary>How many times the whole may be asked for, with a few pieces more for small ones.</summary>
    private const int Times = 4;
    private const int MorePieces = 16;

    /// <summary>Rejected requests after which a peer is not one that errs.</summary>
    private const int MaxRejected = 1000;

    private readonly Queue<int> _waiting = new();
    private readonly int _pieces = MetadataMessage.PieceCount(metadata.Length);
    private int _served;
    private int _rejected;

    public string Name => MetadataMessage.ExtensionName;

    public byte OwnId => MetadataMessage.OwnId;

    /// <summary>The length that peers are told; null when the metadata is not there, or not served.</summary>
    public long? Size => metadata.Length > 0 ? metadata.Length : null;

    /// <summary>What peers get of a torrent. Those of a private one have it from their tracker's site, and from nowhere else.</summary>
    public static ReadOnlyMemory<byte> ServedOf(Torrent torrent) => !torrent.IsPrivate && torrent.InfoBytes.Length <= MetadataMessage.MaxSize ? torrent.InfoBytes : default;

    /// <summary>Asks for a piece; nothing is sent when the peer takes no requests.</summary>
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
                receiver?.MetadataReceived(message, data); // what was asked for before the metadata was there comes in vain
                break;
            case MetadataMessageType.Reject:
                receiver?.MetadataRejected(message.Piece);
                break;
            default:
                break; // BEP 9: what is not known is ignored
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
