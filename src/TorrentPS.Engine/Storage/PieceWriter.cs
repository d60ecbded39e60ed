using System.Security.Cryptography;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Storage;

/// <summary>
/// Hashes and writes one piece, segment by segment while later ones still arrive, and then reports whether it is correct. A piece of one segment is hashed before it is
/// written. <see cref="Add"/> and <see cref="Cancel"/> are called by one at a time.
/// </summary>
internal sealed class PieceWriter : IDiskJob
{
    private readonly IPieceStorage _storage;
    private readonly PieceDisk _disk;
    private readonly bool[]? _kept;
    private readonly Action<PieceWriter> _segmentFreed;
    private readonly Action<PieceWriter> _done;
    private readonly Lock _lock = new();
    private readonly List<byte[]> _ready = [];
    private readonly int _segmentLength;
    private readonly int _length;
    private readonly int _padding; // zeros that only the v1 hash covers (BEP 47)
    private readonly PieceTree? _tree;
    private IncrementalHash? _hash;
    private bool _isQueued;
    private bool _isCancelled;
    private int _written;
    private int _hashed; // how much of a piece under repair

    /// <param name="piece">The piece.</param>
    /// <param name="kept">Which of its blocks are already in the storage, and correct; null for none.</param>
    /// <param name="disk">Where the piece is written.</param>
    /// <param name="segmentFreed">Called when the memory of a segment is free again; on a disk thread.</param>
    /// <param name="done">Called when the piece is finished, with any result; on a disk thread.</param>
    public PieceWriter(int piece, bool[]? kept, PieceDisk disk, Action<PieceWriter> segmentFreed, Action<PieceWriter> done)
    {
        Piece = piece;
        _kept = kept;
        _disk = disk;
        _storage = disk.Storage;
        _segmentFreed = segmentFreed;
        _done = done;
        _segmentLength = SegmentPool.SegmentLength(disk.Hashes.Torrent.PieceLength);
        _length = disk.Hashes.Torrent.DataLengthOfPiece(piece);
        _padding = disk.Hashes.Torrent.LengthOfPiece(piece) - _length;
        _tree = disk.Hashes.Layers is null ? null : new PieceTree(_length);
        _written = BehindKept(0);
    }

    /// <summary>The piece.</summary>
    public int Piece { get; }

    /// <summary>Whether the data matches the torrent's hash. Read this when the piece is finished.</summary>
    public bool IsValid { get; private set; }

    /// <summary>A disk error. Read this when the piece is finished.</summary>
    public TorrentException? Failure { get; private set; }

    /// <summary>A fault of this program that the data triggered. Read this when the piece is finished.</summary>
    public Exception? Fault { get; private set; }

    private int BlockCount => (_length + BlockRequest.BlockLength - 1) / BlockRequest.BlockLength;

    private bool HasSha1 => _disk.Hashes.HasSha1;

    /// <summary>The digests of the piece's blocks, if the piece is bad or <see cref="WantsDigests"/>. Read this when the piece is finished.</summary>
    public byte[][]? BlockDigests { get; private set; }

    /// <summary>Whether the digests of a good piece's blocks are needed, to compare them with those of a bad attempt.</summary>
    public bool WantsDigests { get; init; }

    /// <summary>Adds the next segment.</summary>
    public void Add(byte[] segment)
    {
        lock (_lock)
        {
            _ready.Add(segment);
            if (_isQueued)
                return;
            _isQueued = true;
        }

        _disk.Jobs.Begin();
        _disk.Queue.Enqueue(this);
    }

    /// <summary>Discards what is not written yet, because the download ends.</summary>
    public void Cancel()
    {
        lock (_lock)
            _isCancelled = true;
    }

    public void Run()
    {
        byte[][] segments;
        lock (_lock)
        {
            segments = [.. _ready];
            _ready.Clear();
            if (_isCancelled)
                Failure ??= new TorrentException(TorrentErrorId.DownloadStopped, "The download was stopped.");
        }

        try
        {
            Process(segments);
        }
        catch (TorrentException e)
        {
            Failure ??= e;
        }
        catch (Exception e) // any exception here would end the disk thread, and with it the process
        {
            Fault ??= e;
        }

        foreach (byte[] segment in segments)
        {
            _written = BehindKept(_written + LengthAt(_written));
            _disk.Pool.Return(segment);
            _disk.Pool.Release(_segmentLength);
        }

        if (_written >= _length)
        {
            _hash?.Dispose();
            _done(this);
            _disk.Jobs.End();
            return;
        }

        bool goesOn;
        lock (_lock)
            goesOn = _isQueued = _ready.Count > 0;
        if (goesOn)
            _disk.Queue.Enqueue(this); // never two at once: a job queues the next only when it ends
        else
            _disk.Jobs.End();
        _segmentFreed(this);
    }

    private int LengthAt(int offset) => Math.Min(_segmentLength, _length - offset);

    private void Process(byte[][] segments)
    {
        if (Failure is not null || Fault is not null)
            return;
        if (_kept is not null)
        {
            Repair(segments);
            return;
        }

        if (segments.Length == 1 && _length <= _segmentLength)
        {
            ReadOnlyMemory<byte> data = segments[0].AsMemory(0, _length);
            if (_padding > 0 || !HasSha1)
                Hash(data.Span);
            else
                _tree?.Append(data.Span); // SHA-1 of all of it follows below
            Conclude(data);
            if (IsValid || IsWorthKeeping)
                _storage.Write(Piece, 0, [data]);
            return;
        }

        var buffers = new ReadOnlyMemory<byte>[segments.Length];
        int offset = _written;
        for (int i = 0; i < segments.Length; i++)
        {
            buffers[i] = segments[i].AsMemory(0, LengthAt(offset));
            Hash(buffers[i].Span);
            offset += buffers[i].Length;
        }

        _storage.Write(Piece, _written, buffers);
        if (offset == _length)
            Conclude(null);
    }

    /// <summary>Whether to write bad data as well, because some of its blocks may turn out to be good.</summary>
    private bool IsWorthKeeping => _tree is not null && BlockCount > 1 && _disk.Hashes.Layers!.IsKnown(Piece);

    /// <summary>The first offset from a given one that is not in a segment already on disk.</summary>
    private int BehindKept(int offset)
    {
        while (_kept is not null && offset < _length && IsKept(offset))
            offset += LengthAt(offset);
        return offset;
    }

    /// <summary>Whether the whole segment at an offset is already in the storage.</summary>
    private bool IsKept(int offset) => !_kept.AsSpan(offset / BlockRequest.BlockLength, (LengthAt(offset) + BlockRequest.BlockLength - 1) / BlockRequest.BlockLength).Contains(false);

    /// <summary>Continues a piece of which some blocks are already on disk: they are read, and the piece is hashed like any other.</summary>
    private void Repair(byte[][] segments)
    {
        int begin = _written;
        foreach (byte[] segment in segments)
        {
            HashKept(begin);
            int length = LengthAt(begin);
            for (int place = 0; place < length; place += BlockRequest.BlockLength)
            {
                if (_kept![(begin + place) / BlockRequest.BlockLength])
                    ReadKept(begin + place, segment.AsSpan(place, Math.Min(BlockRequest.BlockLength, length - place)));
            }

            Hash(segment.AsSpan(0, length));
            _storage.Write(Piece, begin, [segment.AsMemory(0, length)]);
            _hashed = begin + length;
            begin = BehindKept(_hashed);
        }

        if (begin < _length)
            return;
        HashKept(_length);
        Conclude(null);
    }

    private void HashKept(int end)
    {
        byte[] block = _hashed < end ? new byte[BlockRequest.BlockLength] : [];
        for (; _hashed < end; _hashed += BlockRequest.BlockLength)
        {
            Span<byte> part = block.AsSpan(0, Math.Min(block.Length, end - _hashed));
            ReadKept(_hashed, part);
            Hash(part);
        }
    }

    private void ReadKept(int begin, Span<byte> destination)
    {
        if (!_storage.TryRead(Piece, begin, destination))
            throw new TorrentException(TorrentErrorId.DataMismatch, $"A file in '{_storage.DataPath}' was cut or removed while it was downloaded. Run the same command to resume.");
    }

    private void Hash(ReadOnlySpan<byte> data)
    {
        _tree?.Append(data);
        if (!HasSha1)
            return;
        _hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        _hash.AppendData(data);
    }

    private void Conclude(ReadOnlyMemory<byte>? data)
    {
        Span<byte> sha1 = stackalloc byte[HasSha1 ? SHA1.HashSizeInBytes : 0];
        Span<byte> root = stackalloc byte[_tree is null ? 0 : SHA256.HashSizeInBytes];
        ReadOnlySpan<byte> zeros = stackalloc byte[_padding > 0 ? 1024 : 0];
        for (int left = _padding; left > 0; left -= zeros.Length)
            _hash?.AppendData(zeros[..Math.Min(left, zeros.Length)]);
        if (_hash is not null)
            _hash.GetHashAndReset(sha1);
        else if (HasSha1)
            SHA1.HashData(data!.Value.Span, sha1);
        byte[]? leaves = _tree?.Leaves.ToArray();
        _tree?.TakeRoot(_disk.Hashes.Layers!.HeightOf(Piece)).CopyTo(root);
        IsValid = _disk.Hashes.IsRight(Piece, sha1, root);
        if (IsValid && !WantsDigests)
            return;
        BlockDigests = leaves is null ? HashBlocks(data) : [.. leaves.Chunk(SHA256.HashSizeInBytes)];
    }

    private byte[][] HashBlocks(ReadOnlyMemory<byte>? data)
    {
        var digests = new byte[BlockCount][];
        byte[] block = new byte[BlockRequest.BlockLength];
        for (int i = 0; i < digests.Length; i++)
        {
            int begin = i * BlockRequest.BlockLength, length = Math.Min(block.Length, _length - begin);
            if (data is { } held)
                digests[i] = SHA1.HashData(held.Span.Slice(begin, length));
            else if (_storage.TryRead(Piece, begin, block.AsSpan(0, length))) // rare: only after bad data
                digests[i] = SHA1.HashData(block.AsSpan(0, length));
            else
                digests[i] = [];
        }

        return digests;
    }
}
