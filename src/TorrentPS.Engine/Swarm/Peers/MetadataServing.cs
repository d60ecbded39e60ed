using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>
/// Sends the torrent's info dictionary to a peer that came with a magnet link (BEP 9). One piece at a time is on its way, and after some times
/// the whole of it a peer gets no more: nobody needs it so often.
/// </summary>
internal sealed class MetadataServing(PeerSession peer, Torrent torrent) : IPeerExtension
{
    /// <summary>Requests that wait; more are rejected.</summary>
    public const int MaxWaiting = 64;

    /// <summary>How many times the whole may be asked for, with a few pieces more for small ones.</summary>
    private const int Times = 4;
    private const int MorePieces = 16;

    /// <summary>Rejected requests after which a peer is not one that errs.</summary>
    private const int MaxRejected = 1000;

    private readonly Queue<int> _waiting = new();
    private int _served;
    private int _rejected;

    public string Name => MetadataMessage.ExtensionName;

    public byte OwnId => MetadataMessage.OwnId;

    private ReadOnlyMemory<byte> Metadata => torrent.InfoBytes;

    /// <summary>Whether peers are told that we have it. Those of a private torrent have it from their tracker's site, and from nowhere else.</summary>
    public static bool Serves(Torrent torrent) => !torrent.IsPrivate && torrent.InfoBytes.Length is > 0 and <= MetadataMessage.MaxSize;

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> payload)
    {
        MetadataMessage message = MetadataMessage.Read(payload, out _);
        if (message.Type != MetadataMessageType.Request)
            return; // answers to what was asked before the metadata was there, or something new
        int pieces = MetadataMessage.PieceCount(Metadata.Length);
        if (Serves(torrent) && message.Piece < pieces && _waiting.Count < MaxWaiting && _served + _waiting.Count < Times * pieces + MorePieces)
        {
            _waiting.Enqueue(message.Piece);
            peer.Flush();
        }
        else if (++_rejected <= MaxRejected)
        {
            Send(new MetadataMessage(MetadataMessageType.Reject, message.Piece), default);
            peer.Flush();
        }
        else
        {
            peer.CloseFlooded("requests for metadata", _rejected);
        }
    }

    /// <inheritdoc/>
    public int NextLength => _waiting.TryPeek(out int piece) ? MetadataMessage.LengthOf(piece, Metadata.Length) : 0;

    /// <inheritdoc/>
    public void SendNext()
    {
        int piece = _waiting.Dequeue();
        ReadOnlySpan<byte> data = Metadata.Span.Slice(piece * MetadataMessage.BlockLength, MetadataMessage.LengthOf(piece, Metadata.Length));
        Send(new MetadataMessage(MetadataMessageType.Data, piece, Metadata.Length), data);
        _served++;
    }

    private void Send(MetadataMessage message, ReadOnlySpan<byte> data) => peer.QueueExtended(Name, message.ToBytes(), data);
}
