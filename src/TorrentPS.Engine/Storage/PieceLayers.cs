using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>
/// The roots of the trees over a torrent's pieces (BEP 52), as far as they are known: from the .torrent, from peers, or, file by file, from the data
/// itself when all of it hashes to the file's root. Safe from several threads at once; once known a root never changes.
/// </summary>
internal sealed class PieceLayers
{
    /// <summary>Pieces that become known together: as many hashes as are asked for at once (BEP 52, "hash request").</summary>
    public const int ChunkLength = 512;

    /// <summary>Bytes of a layer in a dictionary beside its hashes.</summary>
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

    /// <summary>Those of a torrent; null for a v1 torrent.</summary>
    public static PieceLayers? Of(Torrent torrent) => torrent.PieceRoots is null ? null : new PieceLayers(torrent);

    /// <summary>The height of the hashes of whole pieces.</summary>
    public int PieceHeight { get; }

    /// <summary>Whether all are known.</summary>
    public bool IsComplete => _unknownFiles == 0;

    /// <summary>How many pieces a file has.</summary>
    public int PiecesIn(int file) => (int)((_torrent.Files[file].Length + _torrent.PieceLength - 1) / _torrent.PieceLength);

    /// <summary>The first piece of a file.</summary>
    public int FirstPieceOf(int file) => (int)(_torrent.Files[file].Offset / _torrent.PieceLength);

    /// <summary>The file that a piece is of.</summary>
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

    /// <summary>Whether a piece's root is what the data makes, as all of its file has shown.</summary>
    public bool IsOwn(int piece) => _layers[FileOf(piece)] is { IsOwn: true };

    /// <summary>All hashes of a file's pieces; false when some are not known.</summary>
    public bool TryGetLayer(int file, out ReadOnlyMemory<byte> hashes)
    {
        hashes = _layers[file] is { IsComplete: true } layer ? layer.Hashes : default;
        return !hashes.IsEmpty;
    }

    /// <summary>Whether a run of <see cref="ChunkLength"/> pieces of a file is known.</summary>
    public bool IsChunkKnown(int file, int chunk) => _layers[file] is not { } layer || layer.Knows(chunk * ChunkLength);

    /// <summary>The <c>piece layers</c> of a .torrent (BEP 52). All have to be known.</summary>
    public byte[] ToBytes() => PieceLayerWriter.Write(WholeLayers(_ => true));

    /// <summary>The layers of whole files that the .torrent does not have, to be kept for the next time; empty when there are none, and when they are more than a limit.</summary>
    /// <param name="limit">Bytes.</param>
    public byte[] LearntToBytes(int limit)
    {
        var learnt = WholeLayers(layer => layer.IsLearnt).ToList();
        return learnt.Count == 0 || learnt.Sum(layer => (long)layer.Hashes.Length + EntryBytes) > limit ? [] : PieceLayerWriter.Write(learnt);
    }

    /// <summary>Takes back what <see cref="LearntToBytes"/> gave.</summary>
    /// <param name="bytes">The bytes, which anybody may have changed: all layers are held against the files' roots.</param>
    /// <exception cref="TorrentException">They are not of this torrent; none is taken.</exception>
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

    /// <summary>Takes hashes that were proved to be the file's.</summary>
    /// <param name="file">The file.</param>
    /// <param name="chunk">Which run of <see cref="ChunkLength"/> pieces they are of.</param>
    /// <param name="hashes">The hashes; those beyond the end of the file are left out.</param>
    /// <exception cref="TorrentException">Data that is right by the v1 hashes is not by these (InvalidTorrent).</exception>
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
                _unknownFiles--; // under the lock
        }
    }

    /// <summary>
    /// Takes the root of a piece as the data makes it, while the file's hashes are not known. When there are those of the whole file, they are right if they
    /// make the file's root.
    /// </summary>
    /// <returns>False when they do not.</returns>
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

    /// <summary>What is wrong with a torrent whose two kinds of hashes are of different data.</summary>
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

        /// <summary>The hashes; those of unknown chunks are nothing.</summary>
        public ReadOnlyMemory<byte> Hashes { get; private set; }

        /// <summary>What the data makes.</summary>
        public byte[]? Offered { get; private set; }

        /// <summary>Whether the .torrent does not have it.</summary>
        public bool IsLearnt => _chunks.Length > 0;

        public bool IsComplete => Volatile.Read(ref _chunksLeft) == 0;

        /// <summary>Whether the hashes are those of the data.</summary>
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

        /// <summary>Notes what the data makes; true when that is there for all pieces.</summary>
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
