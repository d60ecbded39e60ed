using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage;

/// <summary>
/// The files of a torrent on disk, by index, with the parts file after the last: their paths, opening, reading and writing. Reads and writes are positioned, synchronous
/// and thread-safe.
/// </summary>
internal sealed class StoredFiles : IDisposable
{
    /// <summary>How files are opened: other programs may do anything with them meanwhile.</summary>
    public const FileShare ShareAll = FileShare.ReadWrite | FileShare.Delete;

    private const int OpenFileLimit = 64;
    private const int CopyLength = 256 * 1024;

    private readonly FileHandleCache _handles;
    private readonly Lock _writing = new();
    private readonly WriteBehind _writeBehind;
    private readonly string[] _paths;
    private readonly bool[] _dirty;
    private readonly bool[] _fresh;
    private readonly bool[] _unsettled;

    /// <param name="torrent">The torrent.</param>
    /// <param name="destination">The folder that contains the torrent's file or folder.</param>
    /// <param name="layout">Its files, and which of them to store.</param>
    /// <param name="readOnly">Whether nothing is ever written.</param>
    /// <exception cref="TorrentException">A path in the torrent cannot be used (UnsafePath).</exception>
    public StoredFiles(Torrent torrent, string destination, FileLayout layout, bool readOnly)
    {
        Torrent = torrent;
        Layout = layout;
        Folder = new DestinationFolder(destination);
        IsReadOnly = readOnly;
        _handles = new FileHandleCache(OpenFile, OpenFileLimit);
        int count = torrent.Files.Count;

        // The parts file comes after the last file in every list by file.
        _paths = new string[count + 1];
        for (int i = 0; i < count; i++)
            _paths[i] = torrent.Files[i].IsPadding ? "" : Folder.FullPath(torrent.Files[i].Path);
        _paths[count] = Path.Join(Folder.ControlPath, PartsName);
        _dirty = new bool[count + 1];
        _fresh = new bool[count + 1];
        _unsettled = new bool[count + 1];
        _writeBehind = new WriteBehind(Folder.Path, count + 1);
        Others = new OtherWriters(_paths, readOnly);
    }

    public Torrent Torrent { get; }

    public FileLayout Layout { get; }

    public DestinationFolder Folder { get; }

    public bool IsReadOnly { get; }

    /// <summary>Detects writes by other programs.</summary>
    public OtherWriters Others { get; }

    /// <summary>By file, the error of the last attempt to read it at its path.</summary>
    public ConcurrentDictionary<int, TorrentException> ReadFailures { get; } = new();

    /// <summary>What was at the paths of the files before any was created; null before they were examined.</summary>
    public FileStatus[]? Found { get; set; }

    /// <summary>Whether the files were created.</summary>
    public bool IsPrepared { get; set; }

    /// <summary>The selection with which pieces were written before; null if it is unchanged.</summary>
    public bool[]? PreviousSelection { get; set; }

    /// <summary>Which files are missing, for <see cref="ByteSource.Present"/>.</summary>
    public bool[] Absent { get; set; } = [];

    /// <summary>By file, a file elsewhere with the same bytes, for <see cref="ByteSource.Donors"/>; null for none.</summary>
    public DonorSearch.Donor?[] Donors { get; set; } = [];

    /// <summary>The index of the parts file.</summary>
    public int PartsIndex => Torrent.Files.Count;

    private string PartsName => $"{Torrent.InfoHash}.parts";

    /// <summary>The path of a file, even if it does not exist; empty for a padding file.</summary>
    public string PathOf(int file) => _paths[file];

    /// <summary>The paths of all files, and of the parts file after the last.</summary>
    public IReadOnlyList<string> Paths => _paths;

    public bool IsWanted(int file) => Layout.IsWanted(file);

    /// <summary>The indexes of the wanted files.</summary>
    public int[] Wanted => [.. Enumerable.Range(0, Torrent.Files.Count).Where(IsWanted)];

    /// <summary>The length of a file on disk; -1 if it does not exist.</summary>
    public long LengthOnDisk(int file) => DiskFile.Look(_paths[file])?.Length ?? -1;

    /// <summary>Whether a file was just created, so that it has no data to read.</summary>
    public bool IsFresh(int file) => Volatile.Read(ref _fresh[file]);

    /// <summary>Whether a file was written since the last call.</summary>
    public bool TakeUnsettled(int file) => Interlocked.Exchange(ref _unsettled[file], false);

    /// <summary>The open files, except the parts file and donors.</summary>
    public IEnumerable<int> OpenFiles() => _handles.OpenFiles().Where(file => file < PartsIndex);

    /// <summary>Closes a file, so that the next use reopens it.</summary>
    public void Close(int file) => _handles.Close(file);

    /// <summary>Closes the donors, to use others.</summary>
    public void CloseDonors()
    {
        for (int file = 0; file < Donors.Length; file++)
            _handles.Close(DonorIndex(file));
    }

    /// <summary>Closes unused files.</summary>
    public void CloseIdle() => _handles.CloseIdle();

    /// <summary>Closes the files. Writes in progress are not disturbed.</summary>
    public void Dispose() => _handles.Dispose();

    /// <summary>Checks the last write times of the open files.</summary>
    public void LookAtOpenFiles()
    {
        foreach (int file in OpenFiles())
        {
            lock (_writing) // between one of our writes and the record of its time, it would look like another program's
                Others.See(file, FileStatus.At(_paths[file]).Written);
        }
    }

    /// <summary>Whether an open file is the one found at its path, by the last write time; true if it is not open.</summary>
    public bool IsOpenOne(int file, FileStatus found)
    {
        if (!_handles.TryRentOpen(file, out FileHandleCache.Lease lease))
            return true;
        using (lease)
            return FileStatus.WrittenTo(lease.Handle) == found.Written;
    }

    /// <summary>Reads bytes of a piece.</summary>
    /// <returns>False if a file is missing or too short.</returns>
    /// <exception cref="TorrentException">The bytes could not be read (AccessDenied, UnsafePath).</exception>
    public bool TryRead(int piece, int begin, Span<byte> destination, ByteSource source)
    {
        int done = 0;
        foreach (FileSegment segment in Layout.Segments(piece, begin, destination.Length))
        {
            Span<byte> part = destination.Slice(done, segment.Length);
            done += segment.Length;
            try
            {
                if (Torrent.Files[segment.File].IsPadding)
                    part.Clear();
                else if (!TryRead(segment, part, source))
                    return false;
            }
            catch (TorrentException e) when (source == ByteSource.Selection)
            {
                ReadFailures[segment.File] = e;
                throw;
            }
        }

        return true;
    }

    /// <summary>Reads bytes of a file.</summary>
    /// <returns>False if the file is missing or too short.</returns>
    /// <exception cref="TorrentException">The bytes could not be read (AccessDenied, UnsafePath).</exception>
    public bool TryRead(in FileSegment segment, Span<byte> destination, ByteSource source)
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
            throw DiskErrors.From(e, file > PartsIndex ? Donors[file - PartsIndex - 1]!.Path : _paths[file], "cannot be read");
        }
    }

    /// <summary>
    /// Writes bytes of a file, one write at a time: the system allows only one thread to write a file anyway, and a waiting one spins, on a processor that could hash
    /// meanwhile.
    /// </summary>
    /// <exception cref="TorrentException">The bytes could not be written (DiskFull, AccessDenied, UnsafePath), or the file was removed (DataMismatch).</exception>
    public void Write(in FileSegment segment, IReadOnlyList<ReadOnlyMemory<byte>> buffers)
    {
        lock (_writing)
            WriteInTurn(segment, buffers);
    }

    private void WriteInTurn(in FileSegment segment, IReadOnlyList<ReadOnlyMemory<byte>> buffers)
    {
        (int file, long offset) = Locate(segment, ByteSource.Selection);
        if (file != PartsIndex && !IsWanted(file))
            throw new InvalidOperationException("The piece belongs to no wanted file.");
        WriteTo(file, offset, buffers);
    }

    private void WriteTo(int file, long offset, IReadOnlyList<ReadOnlyMemory<byte>> buffers)
    {
        try
        {
            if (!_handles.TryRent(file, write: true, out FileHandleCache.Lease lease))
                throw Removed(file);
            using (lease)
            {
                Volatile.Write(ref _fresh[file], false);
                Volatile.Write(ref _unsettled[file], true);
                Others.Look(file, lease.Handle);
                _writeBehind.Write(file, lease.Handle, buffers, offset);
                Others.Note(file, lease.Handle);
                Volatile.Write(ref _dirty[file], true);
                Volatile.Write(ref _unsettled[file], true); // again, because a save may have happened in between
            }
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.From(e, _paths[file], "cannot be written");
        }
    }

    /// <summary>
    /// A file that was created becomes wanted. Its data in pieces shared with other wanted files was written to the parts file, and is copied from there; nothing is
    /// written meanwhile, and reads come from either place.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="written">The pieces that may be in the parts file.</param>
    /// <exception cref="TorrentException">The data could not be read or written (DiskFull, AccessDenied, UnsafePath), or the file was removed (DataMismatch).</exception>
    public void Store(int file, Bitfield written)
    {
        byte[] buffer = new byte[CopyLength];
        lock (_writing)
        {
            foreach (int piece in Layout.BorderPiecesOf(file).Where(piece => written[piece]))
            {
                foreach (FileSegment segment in Layout.Segments(piece, 0, Torrent.LengthOfPiece(piece)))
                {
                    if (segment.File == file)
                        CopyFromParts(segment, buffer);
                }
            }

            Layout.Want(file);
        }
    }

    /// <summary>Whether the data of an unwanted file in a piece is in the parts file, and other data is in the file's place.</summary>
    /// <exception cref="TorrentException">A file could not be read (AccessDenied, UnsafePath).</exception>
    public bool DiffersFromParts(int file, int piece)
    {
        byte[] buffer = new byte[2 * CopyLength];
        foreach (FileSegment segment in Layout.Segments(piece, 0, Torrent.LengthOfPiece(piece)))
        {
            for (int done = 0; segment.File == file && done < segment.Length; done += CopyLength)
            {
                FileSegment part = new(file, segment.Offset + done, Math.Min(CopyLength, segment.Length - done));
                Span<byte> stored = buffer.AsSpan(0, part.Length), found = buffer.AsSpan(CopyLength, part.Length);
                if (!TryRead(part, stored, ByteSource.Selection))
                    return false;
                if (!TryRead(part, found, ByteSource.Files) || !found.SequenceEqual(stored))
                    return true;
            }
        }

        return false;
    }

    private void CopyFromParts(in FileSegment segment, byte[] buffer)
    {
        for (int done = 0; done < segment.Length;)
        {
            FileSegment part = new(segment.File, segment.Offset + done, Math.Min(buffer.Length, segment.Length - done));
            Memory<byte> bytes = buffer.AsMemory(0, part.Length);
            if (!TryRead(part, bytes.Span, ByteSource.Selection))
                return; // nothing has been written yet
            WriteTo(part.File, part.Offset, [bytes]);
            done += part.Length;
        }
    }

    /// <summary>Waits until written data is on the disk itself.</summary>
    /// <exception cref="TorrentException">The data could not be flushed (DiskFull, AccessDenied).</exception>
    public void Flush()
    {
        // All are started before the first is waited for, so that many small files are written together.
        ForEachDirty(clean: false, (file, handle) =>
        {
            lock (_writing)
                _writeBehind.Start(file, handle);
        });
        ForEachDirty(clean: true, static (_, handle) => RandomAccess.FlushToDisk(handle));
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

    /// <summary>The file, parts file or donor that contains a range, and the offset in it.</summary>
    public (int File, long Offset) Locate(in FileSegment segment, ByteSource source)
    {
        if (source == ByteSource.Donors && Donors[segment.File] is { } donor)
            return (DonorIndex(segment.File), segment.Offset + donor.Shift);
        long slot = IsInParts(segment.File, source) ? Layout.SlotOf(segment) : -1;
        return slot < 0 ? (segment.File, segment.Offset) : (PartsIndex, slot);
    }

    private bool IsInParts(int file, ByteSource source) => source switch
    {
        ByteSource.Selection or ByteSource.Donors => !IsReadOnly && !IsWanted(file),
        ByteSource.PreviousSelection => PreviousSelection is { } previous && !previous[file],
        ByteSource.Present => Absent[file],
        _ => false,
    };

    private int DonorIndex(int file) => PartsIndex + 1 + file;

    /// <summary>Creates a file at its full length, or lengthens one that is too short.</summary>
    /// <exception cref="TorrentException">The file could not be created (DiskFull, AccessDenied).</exception>
    public void Make(int file)
    {
        string path = _paths[file];
        try
        {
            using SafeFileHandle handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, ShareAll);
            long present = RandomAccess.GetLength(handle);
            if (present < Torrent.Files[file].Length)
                SparseFile.SetLength(handle, Torrent.Files[file].Length);
            _fresh[file] = present == 0;
            Others.Note(file, handle);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.From(e, path, "cannot be created");
        }
    }

    /// <summary>Replaces a file that has other hard links with a copy, so that the others keep their bytes.</summary>
    /// <exception cref="TorrentException">The file could not be copied (DiskFull, AccessDenied).</exception>
    public void Detach(int file)
    {
        string path = _paths[file];
        string copy = Path.Join(Path.GetDirectoryName(path), $".{Torrent.InfoHash.ToString()[..16]}-{file}.part");
        try
        {
            ControlFile.Check(copy);
            File.Copy(path, copy, overwrite: true);
            PatientMove.Run(copy, path, overwrite: true);
            Volatile.Write(ref _dirty[file], true);
            Others.Note(file, FileStatus.At(path).Written);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            ControlFile.TryDelete(copy);
            throw DiskErrors.From(e, path, "has other names (hard links), which must not change, and cannot be copied");
        }
    }

    /// <summary>Truncates a file that was found too long, and to which nothing had to be written.</summary>
    /// <exception cref="TorrentException">The file cannot be written (AccessDenied).</exception>
    public void CutAtEnd(int file)
    {
        if (IsReadOnly || !(Found?[file].Length > Torrent.Files[file].Length))
            return;
        try
        {
            if (_handles.TryRent(file, write: true, out FileHandleCache.Lease lease))
                lease.Dispose();
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.From(e, _paths[file], "cannot be written");
        }
    }

    /// <summary>An existing destination must never be created again: if its disk was removed, data would be written to the mount point.</summary>
    /// <exception cref="TorrentException">The destination is gone (AccessDenied).</exception>
    public void CheckDestination()
    {
        if (IsPrepared && !Directory.Exists(Folder.Path))
            throw new TorrentException(TorrentErrorId.AccessDenied, $"'{Folder.Path}' is gone: it was removed or renamed, or its disk is no longer there. Bring it back, or start again with another destination.");
    }

    /// <summary>The error for a file that is no longer at its path.</summary>
    public TorrentException Removed(int file)
    {
        CheckDestination();
        return new TorrentException(TorrentErrorId.DataMismatch, $"'{_paths[file]}' was removed or replaced while it was downloaded; start the download again.");
    }

    /// <summary>Refuses anything but a file in the place of a file.</summary>
    /// <exception cref="TorrentException">Something else is there (AccessDenied).</exception>
    public static void CheckKind(string path, EntryKind kind)
    {
        if (kind is not (EntryKind.None or EntryKind.File) && ControlFile.Describe(kind) is { } what)
            throw new TorrentException(TorrentErrorId.AccessDenied, $"'{path}' is {what}, but a file of that name belongs there; move it away or choose another destination.");
    }

    private SafeFileHandle? OpenFile(int file, bool write)
    {
        string path = file > PartsIndex ? Donors[file - PartsIndex - 1]!.Path : _paths[file];
        FileAccess access = write ? FileAccess.ReadWrite : FileAccess.Read;
        try
        {
            if (file == PartsIndex && write)
            {
                CheckDestination();
                return Folder.OpenControlFile(PartsName, OpenParts);
            }

            if (file == PartsIndex)
                ControlFile.Check(path);

            // Reading through the user's own links does no harm, and data is often seeded so.
            if (!IsReadOnly && file <= PartsIndex)
                Folder.CheckLinks(path);
            FileStatus status = FileStatus.At(path);
            CheckKind(path, status.Kind);
            if (write && status.Links > 1)
                Detach(file);
            SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, access, ShareAll);
            if (write)
                Cut(file, handle);
            else if (file < PartsIndex)
                Others.See(file, status.Written);
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

    /// <summary>Truncates a file that was found too long.</summary>
    private void Cut(int file, SafeFileHandle handle)
    {
        if (file < PartsIndex && Found?[file].Length > Torrent.Files[file].Length && RandomAccess.GetLength(handle) > Torrent.Files[file].Length)
        {
            SparseFile.SetLength(handle, Torrent.Files[file].Length);
            Others.Note(file, handle);
        }
    }

    private static SafeFileHandle OpenParts(string path)
    {
        SafeFileHandle handle = ControlFile.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, ShareAll);
        SparseFile.Mark(handle);
        return handle;
    }
}
