using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>
/// The known roots of the trees over a torrent's pieces (BEP 52): from the .torrent, from peers, or, file by file, from the data itself if all of it hashes to the file's
/// root. Thread-safe; a known root never changes.
/// </summary>
internal sealed class PieceLayers
{
    /// <summary>The number of pieces whose hashes are requested, and become known, together (BEP 52, "hash request").</summary>
    public const int ChunkLength = 512;

    /// <summary>The size of a layer in the dictionary besides its hashes, in bytes.</summary>
    private const int EntryBytes = 48;

    private readonly Torrent _torrent;
    private readonly Layer?[] _layers;
    private readonly Lock _lock = new();
    private volatile int _unknownFiles;

    public PieceLayers(Torrent torrent)
    {
        _torrent = torrent;
        PieceHeight = Merkle.PieceHeight(torrent.PieceLength);
        _layers = new Layer?[torrent.Files.Count];
        for (int file = 0; file < _layers.Length; file++)
        {
            int pieces = PiecesIn(file);
            if (torrent.Files[file].IsPadding || pieces == 0)
                continue;
            ReadOnlyMemory<byte> known = pieces == 1 ? torrent.PieceRoots![file] : torrent.FileLayers is { } layers ? layers[file] : default;
            _layers[file] = new Layer(known, (int)(torrent.Files[file].Offset / torrent.PieceLength), pieces);
            _unknownFiles += known.IsEmpty ? 1 : 0;
        }
    }

    /// <summary>The layers of a torrent; null for a v1 torrent.</summary>
    public static PieceLayers? Of(Torrent torrent) => torrent.PieceRoots is null ? null : new PieceLayers(torrent);

    /// <summary>The height of piece hashes.</summary>
    public int PieceHeight { get; }

    /// <summary>Whether all are known.</summary>
    public bool IsComplete => _unknownFiles == 0;

    /// <summary>The number of pieces of a file.</summary>
    public int PiecesIn(int file) => (int)((_torrent.Files[file].Length + _torrent.PieceLength - 1) / _torrent.PieceLength);

    /// <summary>The first piece of a file.</summary>
    public int FirstPieceOf(int file) => (int)(_torrent.Files[file].Offset / _torrent.PieceLength);

    /// <summary>The file of a piece.</summary>
    public int FileOf(int piece) => _torrent.FileAt((long)piece * _torrent.PieceLength);

    /// <summary>The height of a piece's root.</summary>
    public int HeightOf(int piece) => Merkle.HeightOfPiece(_torrent.Files[FileOf(piece)].Length, _torrent.PieceLength);

    /// <summary>The height of a file's root.</summary>
    public int HeightOfFile(int file) => PiecesIn(file) > 1 ? PieceHeight + Merkle.HeightOver(PiecesIn(file)) : Merkle.HeightOfPiece(_torrent.Files[file].Length, _torrent.PieceLength);

    /// <summary>The root of a piece.</summary>
    public bool TryGet(int piece, out ReadOnlySpan<byte> root)
    {
        root = default;
        if (_layers[FileOf(piece)] is not { } layer || !layer.Knows(piece - layer.First))
            return false;
        root = layer.Hashes.Span.Slice((piece - layer.First) * Merkle.HashLength, Merkle.HashLength);
        return true;
    }

    public bool IsKnown(int piece) => TryGet(piece, out _);

    /// <summary>Whether the root of a piece was computed from the data and confirmed by the whole file.</summary>
    public bool IsOwn(int piece) => _layers[FileOf(piece)] is { IsOwn: true };

    /// <summary>All hashes of a file's pieces; false if some are unknown.</summary>
    public bool TryGetLayer(int file, out ReadOnlyMemory<byte> hashes)
    {
        hashes = _layers[file] is { IsComplete: true } layer ? layer.Hashes : default;
        return !hashes.IsEmpty;
    }

    /// <summary>Whether the hashes of a chunk of <see cref="ChunkLength"/> pieces of a file are known.</summary>
    public bool IsChunkKnown(int file, int chunk) => _layers[file] is not { } layer || layer.Knows(chunk * ChunkLength);

    /// <summary>The <c>piece layers</c> of a .torrent (BEP 52). All must be known.</summary>
    public byte[] ToBytes() => PieceLayerWriter.Write(WholeLayers(_ => true));

    /// <summary>The layers of whole files that are not in the .torrent, to keep for the next run; empty if there are none, or if they exceed a limit.</summary>
    /// <param name="limit">The limit in bytes.</param>
    public byte[] LearntToBytes(int limit)
    {
        var learnt = WholeLayers(layer => layer.IsLearnt).ToList();
        return learnt.Count == 0 || learnt.Sum(layer => (long)layer.Hashes.Length + EntryBytes) > limit ? [] : PieceLayerWriter.Write(learnt);
    }

    /// <summary>Restores the result of <see cref="LearntToBytes"/>.</summary>
    /// <param name="bytes">The bytes, which may have been tampered with: all layers are checked against the files' roots.</param>
    /// <exception cref="TorrentException">The layers are not those of this torrent; none is restored.</exception>
    public void Restore(ReadOnlyMemory<byte> bytes)
    {
        ReadOnlyMemory<byte>[] layers = PieceLayerReader.Read(bytes, 0, _torrent.Files, _torrent.PieceRoots!, _torrent.PieceLength);
        for (int file = 0; file < layers.Length; file++)
        {
            for (int chunk = 0; chunk * ChunkLength * Merkle.HashLength < layers[file].Length; chunk++)
                Add(file, chunk, layers[file].Span[(chunk * ChunkLength * Merkle.HashLength)..]);
        }
    }

    private IEnumerable<(ReadOnlyMemory<byte> Root, ReadOnlyMemory<byte> Hashes)> WholeLayers(Predicate<Layer> which)
    {
        for (int file = 0; file < _layers.Length; file++)
        {
            if (_layers[file] is { Count: > 1, IsComplete: true } layer && which(layer))
                yield return (_torrent.PieceRoots![file], layer.Hashes);
        }
    }

    /// <summary>Adds hashes that were proved to belong to a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="chunk">The index of their chunk of <see cref="ChunkLength"/> pieces.</param>
    /// <param name="hashes">The hashes; those beyond the end of the file are ignored.</param>
    /// <exception cref="TorrentException">Data that matches the v1 hashes contradicts these (InvalidTorrent).</exception>
    public void Add(int file, int chunk, ReadOnlySpan<byte> hashes)
    {
        lock (_lock)
        {
            if (_layers[file] is not { } layer || layer.Knows(chunk * ChunkLength))
                return;
            if (!layer.AgreesWith(chunk, hashes))
                throw Inconsistent(layer.First + chunk * ChunkLength);
            layer.Put(chunk, hashes);
            if (layer.IsComplete)
                _unknownFiles--; // inside the lock
        }
    }

    /// <summary>
    /// Adds the root of a piece as computed from the data, while the file's hashes are unknown. When the roots of all pieces of the file are there, they are right if
    /// they hash to the file's root.
    /// </summary>
    /// <returns>False if they do not.</returns>
    public bool Offer(int piece, ReadOnlySpan<byte> root)
    {
        int file = FileOf(piece);
        lock (_lock)
        {
            if (_layers[file] is not { } layer)
                return true;
            if (layer.Knows(piece - layer.First))
                return root.SequenceEqual(layer.Hashes.Span.Slice((piece - layer.First) * Merkle.HashLength, Merkle.HashLength));
            if (!layer.Offer(piece - layer.First, root))
                return true;
            byte[] nodes = layer.Offered!.ToArray();
            if (!Merkle.Root(nodes, PieceHeight, HeightOfFile(file)).SequenceEqual(_torrent.PieceRoots![file].Span))
                return false;
            layer.Accept();
            _unknownFiles--;
            return true;
        }
    }

    /// <summary>The error of a torrent whose two kinds of hashes describe different data.</summary>
    public TorrentException Inconsistent(int piece) => new(
        TorrentErrorId.InvalidTorrent,
        $"'{MetainfoFault.Show(_torrent.Name)}' is a hybrid torrent whose v1 and v2 hashes are of different data (piece {piece}); no data can be right by both. Use another torrent.");

    private sealed class Layer
    {
        private readonly bool[] _chunks;
        private byte[]? _fetched;
        private bool[]? _isOffered;
        private int _chunksLeft;
        private int _offersLeft;

        public Layer(ReadOnlyMemory<byte> known, int first, int count)
        {
            Hashes = known;
            First = first;
            Count = count;
            _offersLeft = count;
            _chunks = known.IsEmpty ? new bool[(count + ChunkLength - 1) / ChunkLength] : [];
            _chunksLeft = _chunks.Length;
        }

        public int First { get; }

        public int Count { get; }

        /// <summary>The hashes; those of unknown chunks are undefined.</summary>
        public ReadOnlyMemory<byte> Hashes { get; private set; }

        /// <summary>The hashes computed from the data.</summary>
        public byte[]? Offered { get; private set; }

        /// <summary>Whether the layer is not in the .torrent.</summary>
        public bool IsLearnt => _chunks.Length > 0;

        public bool IsComplete => Volatile.Read(ref _chunksLeft) == 0;

        /// <summary>Whether the hashes were computed from the data.</summary>
        public bool IsOwn { get; private set; }

        public bool Knows(int piece) => _chunks.Length == 0 || Volatile.Read(ref _chunks[piece / ChunkLength]);

        public void Put(int chunk, ReadOnlySpan<byte> hashes)
        {
            if (_fetched is null)
                Hashes = _fetched = new byte[Count * Merkle.HashLength];
            Place(hashes, chunk).CopyTo(_fetched.AsSpan(chunk * ChunkLength * Merkle.HashLength));
            Volatile.Write(ref _chunks[chunk], true);
            Volatile.Write(ref _chunksLeft, _chunksLeft - 1);
        }

        public bool AgreesWith(int chunk, ReadOnlySpan<byte> hashes)
        {
            if (_isOffered is null)
                return true;
            ReadOnlySpan<byte> wanted = Place(hashes, chunk);
            for (int i = 0; i < wanted.Length / Merkle.HashLength; i++)
            {
                int at = (chunk * ChunkLength + i) * Merkle.HashLength;
                if (_isOffered[chunk * ChunkLength + i] && !wanted.Slice(i * Merkle.HashLength, Merkle.HashLength).SequenceEqual(Offered.AsSpan(at, Merkle.HashLength)))
                    return false;
            }

            return true;
        }

        /// <summary>Adds a computed hash; true when those of all pieces are there.</summary>
        public bool Offer(int piece, ReadOnlySpan<byte> root)
        {
            Offered ??= new byte[Count * Merkle.HashLength];
            _isOffered ??= new bool[Count];
            root.CopyTo(Offered.AsSpan(piece * Merkle.HashLength));
            _offersLeft -= _isOffered[piece] ? 0 : 1;
            _isOffered[piece] = true;
            return _offersLeft == 0;
        }

        public void Accept()
        {
            Hashes = Offered;
            IsOwn = true;
            for (int chunk = 0; chunk < _chunks.Length; chunk++)
                Volatile.Write(ref _chunks[chunk], true);
            Volatile.Write(ref _chunksLeft, 0);
        }

        private ReadOnlySpan<byte> Place(ReadOnlySpan<byte> hashes, int chunk) =>
            hashes[..(Math.Min(ChunkLength, Count - chunk * ChunkLength) * Merkle.HashLength)];
    }
}
