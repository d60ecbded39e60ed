using System.Numerics;
using System.Runtime.InteropServices;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>
/// Tracks the piece hashes still to be requested from peers (BEP 52, "hash request"), and the recent requests. No I/O.
/// </summary>
internal sealed class LayerFetch
{
    /// <summary>The maximum number of outstanding requests to one peer.</summary>
    public const int Window = 4;

    /// <summary>The time without an answer after which another peer is asked, in seconds.</summary>
    public const double PatienceSeconds = 5;

    /// <summary>The time for which a peer that rejected a request is not asked again, in seconds.</summary>
    public const double PauseSeconds = 30;

    private readonly Torrent _torrent;
    private readonly PieceLayers _layers;
    private readonly List<(int File, int Chunk)> _wanted = [];
    private readonly Dictionary<(int File, int Index, int BaseLayer), double> _askedAt = [];

    /// <param name="torrent">The torrent.</param>
    /// <param name="layers">Receives the hashes.</param>
    /// <param name="proofs">The files by their roots.</param>
    /// <param name="isWanted">Returns whether the hashes of a file are wanted.</param>
    public LayerFetch(Torrent torrent, PieceLayers layers, HashProofs proofs, Predicate<int> isWanted)
    {
        (_torrent, _layers, Proofs) = (torrent, layers, proofs);
        if (!layers.IsComplete)
            Want(Enumerable.Range(0, torrent.Files.Count), isWanted);
        Total = _wanted.Count;
    }

    /// <summary>Requests the unknown hashes of some files.</summary>
    /// <param name="files">The files.</param>
    /// <param name="isWanted">Returns whether the hashes of a file of several pieces are wanted; not called for others, whose root is their only hash.</param>
    public void Want(IEnumerable<int> files, Predicate<int> isWanted)
    {
        HashSet<(int File, int Chunk)> wanted = [.. _wanted];
        foreach (int file in files)
        {
            int pieces = _layers.PiecesIn(file);
            if (_torrent.Files[file].IsPadding || pieces < 2 || !isWanted(file))
                continue;
            for (int chunk = 0; chunk * PieceLayers.ChunkLength < pieces; chunk++)
            {
                if (!_layers.IsChunkKnown(file, chunk) && wanted.Add((file, chunk)))
                    _wanted.Add((file, chunk));
            }
        }
    }

    /// <summary>The missing chunks of <see cref="PieceLayers.ChunkLength"/> pieces, by file and index.</summary>
    public ReadOnlySpan<(int File, int Chunk)> Wanted => CollectionsMarshal.AsSpan(_wanted);

    /// <summary>The files by their roots.</summary>
    public HashProofs Proofs { get; }

    /// <summary>The initial number of missing chunks.</summary>
    public int Total { get; }

    public bool IsDone => _wanted.Count == 0;

    /// <summary>The range for the hashes of a chunk, with proofs up to the root.</summary>
    public HashRange RangeOf(int file, int chunk)
    {
        int index = chunk * PieceLayers.ChunkLength;
        int left = (int)BitOperations.RoundUpToPowerOf2((uint)(_layers.PiecesIn(file) - index));
        return new HashRange(_layers.PieceHeight, index, Math.Clamp(left, 2, PieceLayers.ChunkLength), _layers.HeightOfFile(file) - _layers.PieceHeight - 1);
    }

    /// <summary>The range for all leaf hashes of a piece, which its root proves.</summary>
    public HashRange LeavesOf(int piece) =>
        new(0, (piece - _layers.FirstPieceOf(_layers.FileOf(piece))) << _layers.PieceHeight, 1 << _layers.HeightOf(piece), 0);

    /// <summary>Whether the leaf hashes of a piece can be requested: they are more than the piece's root, and fit into a message.</summary>
    public bool HasLeaves(int piece) => _layers.HeightOf(piece) > 0 && LeavesOf(piece).Length <= HashRange.MaxLength;

    public ReadOnlySpan<byte> RootOf(int file) => _torrent.PieceRoots![file].Span;

    /// <summary>Whether a range was not requested recently. If so, it is marked as requested.</summary>
    /// <param name="file">The file.</param>
    /// <param name="range">The range.</param>
    /// <param name="now">The caller's clock, in seconds.</param>
    /// <param name="known">The root of the file, which all files with the same content share.</param>
    public bool TryAsk(int file, HashRange range, double now, out int known)
    {
        known = Proofs.FileOf(RootOf(file));
        if (_askedAt.TryGetValue((known, range.Index, range.BaseLayer), out double at) && now - at < PatienceSeconds)
            return false;
        _askedAt[(known, range.Index, range.BaseLayer)] = now;
        return true;
    }

    /// <summary>A request was answered, or its peer left: others may be asked at once, if necessary.</summary>
    public void Answered(int file, HashRange range) => _askedAt.Remove((file, range.Index, range.BaseLayer));

    /// <summary>Processes received piece hashes.</summary>
    /// <param name="file">The file of the request, which stands for all with the same content.</param>
    /// <param name="range">The requested range.</param>
    /// <param name="hashes">The hashes and their proof.</param>
    /// <param name="admit">Called for each piece whose hash is now known.</param>
    /// <returns>False if they do not lead to the file's root.</returns>
    /// <exception cref="Errors.TorrentException">Data that matches the v1 hashes contradicts these.</exception>
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

    /// <summary>Removes chunks that have become known from the data itself.</summary>
    public void DropKnown() => _wanted.RemoveAll(wanted => _layers.IsChunkKnown(wanted.File, wanted.Chunk));

    private void Accept(int file, int chunk, ReadOnlySpan<byte> hashes, Action<int>? admit)
    {
        _layers.Add(file, chunk, hashes);
        int place = _wanted.IndexOf((file, chunk));
        if (place >= 0)
        {
            // Requested chunks are near the beginning, so this moves little.
            _wanted[place] = _wanted[^1];
            _wanted.RemoveAt(_wanted.Count - 1);
        }

        int first = _layers.FirstPieceOf(file) + chunk * PieceLayers.ChunkLength;
        int end = Math.Min(first + PieceLayers.ChunkLength, _layers.FirstPieceOf(file) + _layers.PiecesIn(file));
        for (int piece = first; piece < end && admit is not null; piece++)
            admit(piece);
    }
}
