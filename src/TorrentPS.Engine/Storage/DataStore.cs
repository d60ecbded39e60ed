using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>
/// The data of one torrent on disk: its files at their final names below the destination, and, beside them in <c>.torrentps</c>, the resume file
/// and the parts file. Reading and writing are positioned, synchronous and safe to do from several threads at once.
/// </summary>
/// <remarks>
/// <para>
/// A piece at the border of a wanted and an unwanted file has bytes of both. Those of the unwanted file go to the parts file, so that the piece
/// can be checked and uploaded and the unwanted file still is not there. Padding files (BEP 47) are not on disk: they read as zeros.
/// </para>
/// <para>
/// Order of use: a <see cref="DestinationLock"/>, then <see cref="LoadResume"/>, <see cref="Survey"/>, <see cref="VerifyAsync"/> of what is suspect or, without
/// resume data, of everything, and <see cref="CheckOwners"/>: so far nothing is written. Then <see cref="Prepare()"/>, and <see cref="VerifyAsync"/> of
/// what <see cref="MayBeElsewhere"/>; then <see cref="Write"/>, <see cref="TryRead"/> and from time to time <see cref="SaveResume"/>.
/// </para>
/// </remarks>
internal sealed partial class DataStore : IDisposable
{
    private const int OpenFileLimit = 64;
    private const FileShare ShareAll = FileShare.ReadWrite | FileShare.Delete;

    private readonly FileLayout _layout;
    private readonly DestinationFolder _folder;
    private readonly FileHandleCache _handles;
    private readonly bool _readOnly;
    private readonly Lock _writing = new();
    private readonly WriteBehind _writeBehind;
    private readonly string[] _paths;
    private readonly bool[] _dirty;
    private readonly bool[] _fresh;
    private readonly bool[] _unsettled;
    private bool _prepared;

    /// <param name="torrent">The torrent.</param>
    /// <param name="destination">The folder that its file or folder goes into.</param>
    /// <param name="wantedFiles">Which of its files to store, one value a file; padding files never are.</param>
    /// <param name="readOnly">Whether nothing is ever created or written: for seeding data that is there. The parts file is not used then, and links are followed.</param>
    /// <exception cref="TorrentException">A path in the torrent cannot be used (UnsafePath).</exception>
    public DataStore(Torrent torrent, string destination, bool[] wantedFiles, bool readOnly = false)
    {
        Torrent = torrent;
        _layout = new FileLayout(torrent, wantedFiles);
        _folder = new DestinationFolder(destination);
        _readOnly = readOnly;
        _handles = new FileHandleCache(OpenFile, OpenFileLimit);
        int count = torrent.Files.Count;

        // The parts file comes after the last file in everything that is kept by file.
        _paths = new string[count + 1];
        for (int i = 0; i < count; i++)
            _paths[i] = torrent.Files[i].IsPadding ? "" : _folder.FullPath(torrent.Files[i].Path);
        _paths[count] = Path.Join(_folder.ControlPath, PartsName);
        _dirty = new bool[count + 1];
        _fresh = new bool[count + 1];
        _unsettled = new bool[count + 1];
        _written = new long[count + 1];
        _touched = new bool[count + 1];
        _isDoubtful = new bool[count + 1];
        Layers = torrent.PieceRoots is null ? null : new PieceLayers(torrent);
        _writeBehind = new WriteBehind(_folder.Path, count + 1);
        DataPath = _folder.FullPath(torrent.Name);
    }

    /// <summary>The torrent.</summary>
    public Torrent Torrent { get; }

    /// <summary>The hashes of the pieces of a version 2 or hybrid torrent; null for a v1 torrent.</summary>
    public PieceLayers? Layers { get; }

    /// <summary>The full path of the file, or of the folder where there are several files.</summary>
    public string DataPath { get; }

    /// <summary>The pieces that overlap a wanted file.</summary>
    public Bitfield WantedPieces => _layout.WantedPieces;

    /// <summary>Bytes of the wanted files.</summary>
    public long BytesWanted => _layout.BytesWanted;

    /// <summary>Folders that the destination, or a folder above it, was made in, and that <see cref="FlushAll"/> has to flush too.</summary>
    public IReadOnlyList<string> FoldersMadeIn { get; init; } = [];

    internal string ControlPath => _folder.ControlPath;

    private string PartsName => $"{Torrent.InfoHash}.parts";

    private int PartsIndex => Torrent.Files.Count;

    /// <summary>Bytes of a piece that belong to wanted files.</summary>
    public long BytesWantedIn(int piece) => _layout.BytesWantedIn(piece);

    /// <summary>
    /// Writes part of a piece. A piece that overlaps no wanted file is refused.
    /// </summary>
    /// <param name="piece">The piece.</param>
    /// <param name="begin">Where in the piece the bytes begin.</param>
    /// <param name="buffers">The bytes, in a row.</param>
    /// <exception cref="TorrentException">They could not be written (DiskFull, AccessDenied, UnsafePath), or the file was removed (DataMismatch).</exception>
    public void Write(int piece, int begin, IReadOnlyList<ReadOnlyMemory<byte>> buffers)
    {
        if (_readOnly)
            throw new InvalidOperationException("The data is opened for reading only.");
        BufferCursor cursor = new(buffers);
        CheckRange(piece, begin, cursor.Length);
        foreach (FileSegment segment in _layout.Segments(piece, begin, (int)cursor.Length))
        {
            if (Torrent.Files[segment.File].IsPadding)
                cursor.Skip(segment.Length);
            else
                WriteInTurn(segment, cursor.Take(segment.Length));
        }
    }

    /// <summary>
    /// One write at a time: the system lets only one thread write a file anyway, and one that waits for another's write spins for as long as it
    /// takes, on a processor that could hash meanwhile.
    /// </summary>
    private void WriteInTurn(FileSegment segment, IReadOnlyList<ReadOnlyMemory<byte>> buffers)
    {
        lock (_writing)
            WriteSegment(segment, buffers);
    }

    /// <summary>Reads part of a piece.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="begin">Where in the piece the bytes begin.</param>
    /// <param name="destination">Gets the bytes; zeros where these are behind the end of a file of a v2 torrent, but in the same piece.</param>
    /// <returns>False when a file is missing or too short; the destination is then undefined.</returns>
    /// <exception cref="TorrentException">They could not be read (AccessDenied, UnsafePath).</exception>
    public bool TryRead(int piece, int begin, Span<byte> destination)
    {
        if (Torrent.Version == TorrentVersion.V2 && Torrent.LengthOfPiece(piece) is var length && begin + destination.Length > length)
        {
            int inFile = Math.Max(0, length - begin);
            destination[inFile..].Clear();
            destination = destination[..inFile];
            begin = Math.Min(begin, length);
        }

        CheckRange(piece, begin, destination.Length);
        return TryReadFrom(piece, begin, destination, ByteSource.Selection);
    }

    /// <summary>Waits until what was written is on the disk itself: afterwards it survives a loss of power.</summary>
    /// <exception cref="TorrentException">It could not be flushed (DiskFull, AccessDenied).</exception>
    public void Flush()
    {
        // All are begun before the first is waited for: many small files then go to the disk together.
        ForEachDirty(clean: false, (file, handle) =>
        {
            lock (_writing)
                _writeBehind.Start(file, handle);
        });
        ForEachDirty(clean: true, static (_, handle) => RandomAccess.FlushToDisk(handle));
    }

    /// <summary>
    /// <see cref="Flush"/>, and the folders' entries too; then looks whether everything is where it belongs. On some systems a file that was
    /// removed can still be written to: what was written there is not there.
    /// </summary>
    /// <exception cref="TorrentException">It could not be flushed (DiskFull, AccessDenied), the destination is gone (AccessDenied), or a file is (DataMismatch).</exception>
    public void FlushAll()
    {
        Flush();
        CheckDestination();
        HashSet<string> folders = [.. FoldersMadeIn];
        for (int file = 0; file < Torrent.Files.Count; file++)
        {
            if (!_layout.IsWanted(file))
                continue;
            CutAtEnd(file);
            if (!IsInPlace(file))
                throw Removed(file);
            for (string? folder = Path.GetDirectoryName(_paths[file]); folder is not null && folder.Length >= _folder.Path.Length && folders.Add(folder);)
                folder = Path.GetDirectoryName(folder);
        }

        foreach (string folder in folders)
            FolderEntries.Flush(folder);
    }

    private void ForEachDirty(bool clean, Action<int, SafeFileHandle> action)
    {
        for (int file = 0; file < _dirty.Length; file++)
        {
            if (!Volatile.Read(ref _dirty[file]))
                continue;
            if (clean)
                Volatile.Write(ref _dirty[file], false);
            try
            {
                if (!_handles.TryRent(file, write: true, out FileHandleCache.Lease lease))
                    continue;
                using (lease)
                    action(file, lease.Handle);
            }
            catch (Exception e) when (DiskErrors.IsDiskError(e))
            {
                Volatile.Write(ref _dirty[file], true);
                throw DiskErrors.From(e, _paths[file], "cannot be written");
            }
        }
    }

    /// <summary>Closes the files. Writes in progress end undisturbed.</summary>
    public void Dispose() => _handles.Dispose();

    private bool TryReadFrom(int piece, int begin, Span<byte> destination, ByteSource source)
    {
        int done = 0;
        foreach (FileSegment segment in _layout.Segments(piece, begin, destination.Length))
        {
            Span<byte> part = destination.Slice(done, segment.Length);
            done += segment.Length;
            if (Torrent.Files[segment.File].IsPadding)
                part.Clear();
            else if (!TryReadSegment(segment, part, source))
                return false;
        }

        return true;
    }

    private bool TryReadSegment(in FileSegment segment, Span<byte> destination, ByteSource source)
    {
        (int file, long offset) = Locate(segment, source);
        try
        {
            if (!_handles.TryRent(file, write: false, out FileHandleCache.Lease lease))
                return false;
            using (lease)
            {
                while (!destination.IsEmpty)
                {
                    int read = RandomAccess.Read(lease.Handle, destination, offset);
                    if (read == 0)
                        return false;
                    destination = destination[read..];
                    offset += read;
                }
            }

            return true;
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.From(e, file > PartsIndex ? _given[file - PartsIndex - 1]!.Donor.Path : _paths[file], "cannot be read");
        }
    }

    private void WriteSegment(in FileSegment segment, IReadOnlyList<ReadOnlyMemory<byte>> buffers)
    {
        (int file, long offset) = Locate(segment, ByteSource.Selection);
        if (file != PartsIndex && !_layout.IsWanted(file))
            throw new InvalidOperationException("The piece belongs to no wanted file.");
        try
        {
            if (!_handles.TryRent(file, write: true, out FileHandleCache.Lease lease))
                throw Removed(file);
            using (lease)
            {
                Volatile.Write(ref _fresh[file], false);
                Volatile.Write(ref _unsettled[file], true);
                LookForOthers(file, lease.Handle);
                _writeBehind.Write(file, lease.Handle, buffers, offset);
                _written[file] = FileStatus.WrittenTo(lease.Handle);
                Volatile.Write(ref _dirty[file], true);
                Volatile.Write(ref _unsettled[file], true); // once more: a save may have come in between
            }
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.From(e, _paths[file], "cannot be written");
        }
    }

    private bool IsInParts(int file, ByteSource source) => source switch
    {
        ByteSource.Selection or ByteSource.Donors => !_readOnly && !_layout.IsWanted(file),
        ByteSource.PreviousSelection => _previousSelection is { } previous && !previous[file],
        ByteSource.Present => _absent[file],
        _ => false,
    };

    /// <summary>The file, or the parts file, that has a segment, and where in it.</summary>
    private (int File, long Offset) Locate(in FileSegment segment, ByteSource source)
    {
        if (source == ByteSource.Donors && _given[segment.File] is { } given)
            return (DonorIndex(segment.File), segment.Offset + given.Donor.Shift);
        long slot = IsInParts(segment.File, source) ? _layout.SlotOf(segment) : -1;
        return slot < 0 ? (segment.File, segment.Offset) : (PartsIndex, slot);
    }

    private SafeFileHandle? OpenFile(int file, bool write)
    {
        string path = file > PartsIndex ? _given[file - PartsIndex - 1]!.Donor.Path : _paths[file];
        FileAccess access = write ? FileAccess.ReadWrite : FileAccess.Read;
        try
        {
            if (file == PartsIndex && write)
            {
                CheckDestination();
                return _folder.OpenControlFile(PartsName, OpenParts);
            }

            if (file == PartsIndex)
                ControlFile.Check(path);

            // Reading through a link of the user's own making does no harm, and data is often seeded so.
            if (!_readOnly && file <= PartsIndex)
                _folder.CheckLinks(path);
            FileStatus status = FileStatus.At(path);
            CheckKind(path, status.Kind);
            if (write && status.Links > 1)
                Detach(file);
            SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, access, ShareAll);
            if (write)
                Cut(file, handle);
            else if (file < PartsIndex)
                See(file, status.Written);
            return handle;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.From(e, path, write ? "cannot be written" : "cannot be read");
        }
    }

    private static SafeFileHandle OpenParts(string path)
    {
        SafeFileHandle handle = ControlFile.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, ShareAll);
        SparseFile.Mark(handle);
        return handle;
    }

    private void CheckRange(int piece, int begin, long length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)piece, (uint)Torrent.PieceCount, nameof(piece));
        ArgumentOutOfRangeException.ThrowIfNegative(begin);
        if (begin + length > Torrent.LengthOfPiece(piece))
            throw new ArgumentOutOfRangeException(nameof(begin), "The bytes reach beyond the end of the piece.");
    }
}
