using System.Numerics;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <content>
/// Getting the hashes of version 2 torrents from peers (BEP 52): those of pieces, where the .torrent does not have them or there is only a magnet link, and those of
/// blocks, to know whose block spoilt a piece.
/// </content>
internal sealed partial class TorrentSession
{
    private const int MaxHashesAsked = 4;
    private const int MaxSuspects = 16;

    /// <summary>After so long without an answer another peer is asked.</summary>
    private const double HashPatienceSeconds = 5;

    /// <summary>How long a peer is asked for no hashes that has rejected a request.</summary>
    private const double HashPauseSeconds = 30;

    private readonly Dictionary<(int File, int Index, int BaseLayer), double> _hashesAskedAt = [];
    private readonly Dictionary<int, SuspectPiece> _suspects = [];
    private readonly List<(int File, int Chunk)> _chunksWanted = [];

    public HashProofs? Proofs { get; private set; }

    /// <summary>A piece that was wrong, of blocks from several peers.</summary>
    private sealed record SuspectPiece(PeerState?[] Senders, byte[][] Leaves, double Since);

    /// <summary>Whether a piece cannot be verified yet. One of a hybrid torrent can, by its v1 hash.</summary>
    private bool IsWithheld(int piece) => _torrent.Version == TorrentVersion.V2 && !_store.Layers!.IsKnown(piece);

    /// <summary>Finds out which hashes are to be asked for.</summary>
    private void PrepareHashes()
    {
        if (_store.Layers is not { } layers)
            return;
        Proofs = new HashProofs(_torrent, layers);
        if (layers.IsComplete)
            return;
        for (int file = 0; file < _torrent.Files.Count; file++)
        {
            int pieces = layers.PiecesIn(file);
            if (_torrent.Files[file].IsPadding || pieces < 2 || !_store.WantedPieces[layers.FirstPieceOf(file)])
                continue;
            for (int chunk = 0; chunk * PieceLayers.ChunkLength < pieces; chunk++)
            {
                if (!layers.IsChunkKnown(file, chunk))
                    _chunksWanted.Add((file, chunk));
            }
        }
    }

    /// <summary>Asks peers for what is missing, a few requests each.</summary>
    private void AskForHashes()
    {
        if (_isStopping || (_chunksWanted.Count == 0 && _suspects.Count == 0))
            return;
        double now = Now;
        foreach (PeerSession peer in _peers)
        {
            if (!peer.IsV2 || peer.IsClosed || now < peer.HashesPausedUntil)
                continue;
            foreach (int piece in _suspects.Keys)
            {
                if (peer.HashesAsked < MaxHashesAsked && peer.State.Pieces[piece])
                    Ask(peer, _store.Layers!.FileOf(piece), LeavesOf(piece), now);
            }

            for (int i = 0; i < _chunksWanted.Count && peer.HashesAsked < MaxHashesAsked; i++)
            {
                (int file, int chunk) = _chunksWanted[i];
                if (HasAnyOf(peer, file, chunk))
                    Ask(peer, file, ChunkOf(file, chunk), now);
            }
        }
    }

    private void Ask(PeerSession peer, int file, HashRange range, double now)
    {
        int known = Proofs!.FileOf(_torrent.PieceRoots![file].Span); // files with the same content are one to the protocol
        if (_hashesAskedAt.TryGetValue((known, range.Index, range.BaseLayer), out double at) && now - at < HashPatienceSeconds)
            return;
        _hashesAskedAt[(known, range.Index, range.BaseLayer)] = now;
        peer.RequestHashes(known, range);
    }

    private bool HasAnyOf(PeerSession peer, int file, int chunk)
    {
        int first = _store.Layers!.FirstPieceOf(file) + chunk * PieceLayers.ChunkLength;
        int end = Math.Min(first + PieceLayers.ChunkLength, _store.Layers.FirstPieceOf(file) + _store.Layers.PiecesIn(file));
        for (int piece = first; piece < end; piece++)
        {
            if (peer.State.Pieces[piece])
                return true;
        }

        return false;
    }

    /// <summary>The hashes of up to 512 pieces, and all that proves them up to the root.</summary>
    private HashRange ChunkOf(int file, int chunk)
    {
        PieceLayers layers = _store.Layers!;
        int index = chunk * PieceLayers.ChunkLength;
        int left = (int)BitOperations.RoundUpToPowerOf2((uint)(layers.PiecesIn(file) - index));
        return new HashRange(layers.PieceHeight, index, Math.Clamp(left, 2, PieceLayers.ChunkLength), layers.HeightOfFile(file) - layers.PieceHeight - 1);
    }

    /// <summary>All leaves of a piece, which its root proves.</summary>
    private HashRange LeavesOf(int piece)
    {
        PieceLayers layers = _store.Layers!;
        return new HashRange(0, (piece - layers.FirstPieceOf(layers.FileOf(piece))) << layers.PieceHeight, 1 << layers.HeightOf(piece), 0);
    }

    public void HashesRejected(PeerSession peer, int file, HashRange range)
    {
        peer.HashesPausedUntil = Now + HashPauseSeconds;
        _hashesAskedAt.Remove((file, range.Index, range.BaseLayer));
        AskForHashes();
    }

    public void HashesReceived(PeerSession peer, int file, HashRange range, ReadOnlySpan<byte> hashes)
    {
        _hashesAskedAt.Remove((file, range.Index, range.BaseLayer));
        PieceLayers layers = _store.Layers!;
        if (range.BaseLayer != layers.PieceHeight)
        {
            LeavesReceived(peer, file, range, hashes);
            return;
        }

        if (!HashProofs.Leads(hashes, range.Length, range.Index, range.BaseLayer, _torrent.PieceRoots![file].Span))
        {
            Log($"Peer {peer.EndPoint} sent hashes that do not lead to their root");
            Ban(peer.State);
            AskForHashes();
            return;
        }

        _lastProgressAt = Now;
        try
        {
            ReadOnlySpan<byte> root = _torrent.PieceRoots[file].Span;
            for (int twin = file; twin < _torrent.Files.Count; twin++)
            {
                if (_torrent.PieceRoots[twin].Span.SequenceEqual(root) && layers.PiecesIn(twin) == layers.PiecesIn(file))
                    Accept(layers, twin, range.Index / PieceLayers.ChunkLength, hashes);
            }
        }
        catch (TorrentException e)
        {
            StorageFailed(e);
            return;
        }

        AskForHashes();
        AskAll();
    }

    private void Accept(PieceLayers layers, int file, int chunk, ReadOnlySpan<byte> hashes)
    {
        layers.Add(file, chunk, hashes);
        _chunksWanted.Remove((file, chunk));
        int first = layers.FirstPieceOf(file) + chunk * PieceLayers.ChunkLength;
        int end = Math.Min(first + PieceLayers.ChunkLength, layers.FirstPieceOf(file) + layers.PiecesIn(file));
        for (int piece = first; piece < end; piece++)
            _picker.Admit(piece);
    }

    /// <summary>Notes a wrong piece whose blocks are of several peers: its leaves tell whose are wrong.</summary>
    private void Suspect(OpenPiece piece, byte[][] leaves)
    {
        if (_store.Layers is not { } layers || !layers.IsKnown(piece.Index) || _suspects.Count >= MaxSuspects || piece.BlockCount < 2 || LeavesOf(piece.Index).Length > HashRange.MaxLength)
            return;
        var senders = new PeerState?[piece.BlockCount];
        for (int block = 0; block < senders.Length; block++)
            senders[block] = piece.Sender(block);
        _suspects[piece.Index] = new SuspectPiece(senders, leaves, Now);
        AskForHashes();
    }

    private void LeavesReceived(PeerSession peer, int file, HashRange range, ReadOnlySpan<byte> hashes)
    {
        PieceLayers layers = _store.Layers!;
        int wrong = -1;
        foreach (int piece in _suspects.Keys)
        {
            if (LeavesOf(piece) == range && _torrent.PieceRoots![layers.FileOf(piece)].Span.SequenceEqual(_torrent.PieceRoots[file].Span))
                wrong = piece;
        }

        if (wrong < 0 || !layers.TryGet(wrong, out ReadOnlySpan<byte> root))
            return;
        if (!HashProofs.Leads(hashes, range.Length, 0, 0, root))
        {
            Log($"Peer {peer.EndPoint} sent hashes that do not lead to their root");
            Ban(peer.State);
            return;
        }

        _suspects.Remove(wrong, out SuspectPiece? suspect);
        HashSet<PeerState> liars = [];
        for (int block = 0; block < suspect!.Leaves.Length; block++)
        {
            if (suspect.Senders[block] is { } sender && !hashes.Slice(block * Merkle.HashLength, Merkle.HashLength).SequenceEqual(suspect.Leaves[block]))
                liars.Add(sender);
        }

        Log($"Piece {wrong}: by the hashes of its blocks, {liars.Count} {(liars.Count == 1 ? "peer" : "peers")} sent bad data");
        foreach (PeerState liar in liars)
            Ban(liar);
    }

    /// <summary>Looks at the clock: what nobody answers is asked of others.</summary>
    private void TickHashes(double now)
    {
        if (Proofs is null || (_chunksWanted.Count == 0 && _suspects.Count == 0))
            return;
        _chunksWanted.RemoveAll(wanted => _store.Layers!.IsChunkKnown(wanted.File, wanted.Chunk)); // from the data itself
        foreach ((int piece, SuspectPiece suspect) in _suspects)
        {
            if (now - suspect.Since > HashPauseSeconds || _picker.Have[piece])
                _suspects.Remove(piece);
        }

        AskForHashes();
    }
}
