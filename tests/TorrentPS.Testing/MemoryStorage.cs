using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Testing;

/// <summary>Stores the pieces of a torrent in memory, for tests that are not about disks. Unwritten bytes read as zeros and take no memory.</summary>
internal sealed class MemoryStorage(Torrent torrent) : IPieceStorage
{
    private readonly byte[]?[] _pieces = new byte[]?[torrent.PieceCount];
    private volatile bool _isDisposed;

    /// <summary>The pieces complete at the start.</summary>
    public Bitfield Have { get; init; } = new(torrent.PieceCount);

    /// <summary>Returns the exception thrown by writing to a piece; null for none.</summary>
    public Func<int, Exception?>? WriteFault { get; set; }

    /// <summary>Whether the data has been removed.</summary>
    public bool IsGone { get; set; }

    /// <inheritdoc/>
    public string DataPath => torrent.Name;

    /// <summary>Storage of complete data.</summary>
    /// <param name="torrent">The torrent.</param>
    /// <param name="content">All its bytes; empty for zeros.</param>
    public static MemoryStorage Of(Torrent torrent, ReadOnlyMemory<byte> content = default)
    {
        MemoryStorage storage = new(torrent);
        storage.Have.AddAll();
        for (int piece = 0; piece < torrent.PieceCount && content.Length > 0; piece++)
            storage.Write(piece, 0, [content.Slice(piece * torrent.PieceLength, torrent.LengthOfPiece(piece))]);
        return storage;
    }

    /// <inheritdoc/>
    public Task<Bitfield> CheckAsync(Action<int, int> pieceChecked, CancellationToken cancellationToken) => Task.FromResult(Have.Clone());

    /// <inheritdoc/>
    public void Write(int piece, int begin, IReadOnlyList<ReadOnlyMemory<byte>> buffers)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (WriteFault?.Invoke(piece) is { } fault)
            throw fault;
        if (IsGone)
            throw new TorrentException(TorrentErrorId.DataMismatch, $"'{DataPath}' was removed.");
        byte[] bytes = Volatile.Read(ref _pieces[piece]) ?? Create(piece);
        foreach (ReadOnlyMemory<byte> buffer in buffers)
        {
            buffer.Span.CopyTo(bytes.AsSpan(begin));
            begin += buffer.Length;
        }
    }

    private byte[] Create(int piece)
    {
        byte[] bytes = new byte[torrent.LengthOfPiece(piece)];
        return Interlocked.CompareExchange(ref _pieces[piece], bytes, null) ?? bytes;
    }

    /// <inheritdoc/>
    public bool TryRead(int piece, int begin, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ReadOnlySpan<byte> bytes = Volatile.Read(ref _pieces[piece]);
        ReadOnlySpan<byte> there = begin < bytes.Length ? bytes.Slice(begin, Math.Min(destination.Length, bytes.Length - begin)) : [];
        there.CopyTo(destination);
        destination[there.Length..].Clear();
        return !IsGone;
    }

    /// <inheritdoc/>
    public Task CompleteAsync(Bitfield have, Bitfield? withdrawn) => Task.CompletedTask;

    public void Dispose() => _isDisposed = true;
}
