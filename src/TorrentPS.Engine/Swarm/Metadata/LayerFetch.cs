using System.Numerics;
using System.Runtime.InteropServices;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>
/// Knows which hashes of pieces are still to be got from peers (BEP 52, "hash request"), and which hashes somebody was asked for a moment ago. No
/// input or output.
/// </summary>
internal sealed class LayerFetch
{
    /// <summary>Requests to one peer at once.</summary>
    public const int Window = 4;

    /// <summary>After so long without an answer another peer is asked.</summary>
    public const double PatienceSeconds = 5;

    /// <summary>How long a peer is asked for no hashes that has rejected a request.</summary>
    public const double PauseSeconds = 30;

    private readonly Torrent _torrent;
    private readonly PieceLayers _layers;
    private readonly List<(int File, int Chunk)> _wanted = [];
    private readonly Dictionary<(int File, int Index, int BaseLayer), double> _askedAt = [];

    /// <param name="torrent">The torrent.</param>
    /// <param name="layers">Gets the hashes.</param>
    /// <param name="proofs">The files by their roots.</param>
    /// <param name="isWanted">Which files' hashes are wanted.</param>
    public LayerFetch(Torrent torrent, PieceLayers layers, HashProofs proofs, Predicate<int> isWanted)
    {
        (_torrent, _layers, Proofs) = (torrent, layers, proofs);
        for (int file = 0; file < torrent.Files.Count && !layers.IsComplete; file++)
        {
            int pieces = layers.PiecesIn(file);
            if (torrent.Files[file].IsPadding || pieces < 2 || !isWanted(file))
                continue;
            for (int chunk = 0; chunk * PieceLayers.ChunkLength < pieces; chunk++)
            {
                if (!layers.IsChunkKnown(file, chunk))
                    _wanted.Add((file, chunk));
            }
        }

        Total = _wanted.Count;
    }

    /// <summary>The runs of <see cref="PieceLayers.ChunkLength"/> pieces whose hashes are not known, each by its file and its number in it.</summary>
    public ReadOnlySpan<(int File, int Chunk)> Wanted => CollectionsMarshal.AsSpan(_wanted);

    /// <summary>The files by their roots.</summary>
    public HashProofs Proofs { get; }

    /// <summary>How many there were in the beginning.</summary>
    public int Total { get; }

    public bool IsDone => _wanted.Count == 0;

    /// <summary>The hashes of such a run, and all that proves them up to the root.</summary>
    public HashRange RangeOf(int file, int chunk)
    {
        int index = chunk * PieceLayers.ChunkLength;
        int left = (int)BitOperations.RoundUpToPowerOf2((uint)(_layers.PiecesIn(file) - index));
        return new HashRange(_layers.PieceHeight, index, Math.Clamp(left, 2, PieceLayers.ChunkLength), _layers.HeightOfFile(file) - _layers.PieceHeight - 1);
    }

    /// <summary>All leaves of a piece, which its root proves.</summary>
    public HashRange LeavesOf(int piece) =>
        new(0, (piece - _layers.FirstPieceOf(_layers.FileOf(piece))) << _layers.PieceHeight, 1 << _layers.HeightOf(piece), 0);

    /// <summary>Whether the leaves of a piece may be asked for: they tell more than the piece's root, and fit a message.</summary>
    public bool HasLeaves(int piece) => _layers.HeightOf(piece) > 0 && LeavesOf(piece).Length <= HashRange.MaxLength;

    public ReadOnlySpan<byte> RootOf(int file) => _torrent.PieceRoots![file].Span;

    /// <summary>Whether nobody was asked for some hashes a moment ago. Then it counts as asked.</summary>
    /// <param name="file">The file.</param>
    /// <param name="range">Its hashes.</param>
    /// <param name="now">Seconds of the caller's clock.</param>
    /// <param name="known">What the file is to the protocol, which has one for all of the same content.</param>
    public bool TryAsk(int file, HashRange range, double now, out int known)
    {
        known = Proofs.FileOf(RootOf(file));
        if (_askedAt.TryGetValue((known, range.Index, range.BaseLayer), out double at) && now - at < PatienceSeconds)
            return false;
        _askedAt[(known, range.Index, range.BaseLayer)] = now;
        return true;
    }

    /// <summary>Who was asked for hashes has answered or is gone: others may be asked at once, if that is still needed.</summary>
    public void Answered(int file, HashRange range) => _askedAt.Remove((file, range.Index, range.BaseLayer));

    /// <summary>Takes hashes of pieces.</summary>
    /// <param name="file">The file that was asked for, and all with the same content.</param>
    /// <param name="range">What was asked for.</param>
    /// <param name="hashes">The hashes and their proof.</param>
    /// <param name="admit">Is told of each piece whose hash is known now.</param>
    /// <returns>False when they do not lead to the file's root.</returns>
    /// <exception cref="Errors.TorrentException">Data that is right by the v1 hashes is not by these.</exception>
    public bool Receive(int file, HashRange range, ReadOnlySpan<byte> hashes, Action<int>? admit = null)
    {
        if (!HashProofs.Leads(hashes, range.Length, range.Index, range.BaseLayer, RootOf(file)))
            return false;
        for (int twin = file; twin >= 0; twin = Proofs.TwinOf(twin))
        {
            if (_layers.PiecesIn(twin) == _layers.PiecesIn(file))
                Accept(twin, range.Index / PieceLayers.ChunkLength, hashes, admit);
        }

        return true;
    }

    /// <summary>Forgets what has become known in another way: from the data itself.</summary>
    public void DropKnown() => _wanted.RemoveAll(wanted => _layers.IsChunkKnown(wanted.File, wanted.Chunk));

    private void Accept(int file, int chunk, ReadOnlySpan<byte> hashes, Action<int>? admit)
    {
        _layers.Add(file, chunk, hashes);
        int place = _wanted.IndexOf((file, chunk));
        if (place >= 0)
        {
            // What is asked for is near the beginning, so that this moves little.
            _wanted[place] = _wanted[^1];
            _wanted.RemoveAt(_wanted.Count - 1);
        }

        int first = _layers.FirstPieceOf(file) + chunk * PieceLayers.ChunkLength;
        int end = Math.Min(first + PieceLayers.ChunkLength, _layers.FirstPieceOf(file) + _layers.PiecesIn(file));
        for (int piece = first; piece < end && admit is not null; piece++)
            admit(piece);
    }
}
