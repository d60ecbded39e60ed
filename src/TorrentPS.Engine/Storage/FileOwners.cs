using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage;

/// <summary>Determines whether existing files at a torrent's paths belong to the torrent, before anything is written.</summary>
internal sealed partial class FileOwners(StoredFiles files, ResumeFile resume)
{
    private const int SeekData = 3;
    private const int NoMoreData = 6; // ENXIO

    /// <summary>Examines the paths of all wanted files, without changing anything.</summary>
    /// <exception cref="TorrentException">
    /// A folder, a pipe or a device is at the path of a file, or anything but a file at that of a control file (AccessDenied); a link leads out of the destination
    /// (UnsafePath).
    /// </exception>
    public void Survey()
    {
        if (!files.IsReadOnly)
        {
            files.Folder.CheckLinks(files.Folder.ControlPath);
            foreach (string path in (string[])[resume.Path, resume.TemporaryPath, files.PathOf(files.PartsIndex)])
                ControlFile.Check(path);
        }

        var found = new FileStatus[files.Torrent.Files.Count];
        for (int file = 0; file < found.Length; file++)
        {
            if (files.IsWanted(file))
                found[file] = LookAt(file);
        }

        files.Found = found;
    }

    /// <summary>Inspects what exists in the place of a file that was not wanted before, without changing it.</summary>
    /// <exception cref="TorrentException">As for all files.</exception>
    public void Survey(int file) => files.Found![file] = LookAt(file);

    private FileStatus LookAt(int file)
    {
        if (!files.IsReadOnly)
            files.Folder.CheckLinks(files.PathOf(file));
        FileStatus found = FileStatus.At(files.PathOf(file));
        StoredFiles.CheckKind(files.PathOf(file), found.Kind);
        files.Others.Note(file, found.Written);
        return found;
    }

    /// <summary>
    /// Refuses to continue if a file belongs to the user: one that is longer than the torrent's, or that has data but not one correct piece. Files of an earlier run are
    /// recognized by the resume file; a file with only zeros, as other clients preallocate them, has nothing to lose.
    /// </summary>
    /// <param name="have">The correct pieces.</param>
    /// <param name="cancellationToken">Cancels within one read.</param>
    /// <exception cref="TorrentException">There is such a file (FileExists), or a file cannot be read (AccessDenied).</exception>
    public void Check(Bitfield have, CancellationToken cancellationToken) =>
        Check(files.Wanted, have, cancellationToken);

    /// <summary>The same for some files, which have been inspected.</summary>
    /// <param name="which">The files.</param>
    /// <param name="have">The right pieces.</param>
    /// <param name="cancellationToken">Cancels it within one read.</param>
    /// <exception cref="TorrentException">Such a file exists (FileExists), or cannot be read (AccessDenied).</exception>
    public void Check(IReadOnlyList<int> which, Bitfield have, CancellationToken cancellationToken)
    {
        List<int> others = [.. which.Where(file => !IsOurs(file, have, cancellationToken))];
        if (others.Count == 0)
            return;
        long present = files.Found![others[0]].Length, length = files.Torrent.Files[others[0]].Length;
        string what = present > length
            ? $"has {present} bytes instead of {length}"
            : "contains no piece of the torrent";
        string more = others.Count == 1 ? "" : $" (and {CountText.Of(others.Count - 1, "more file")} not of this torrent)";
        throw new TorrentException(
            TorrentErrorId.FileExists,
            $"'{files.PathOf(others[0])}' already exists and {what}{more}. Nothing was changed. Move it away, choose another destination, or overwrite it (-Force, --force).");
    }

    private bool IsOurs(int file, Bitfield have, CancellationToken cancellationToken)
    {
        FileStatus found = files.Found![file];
        if (found.Kind == EntryKind.None || found.Length == 0 || resume.Record?.Sizes[file] == found.Length)
            return true;
        if (found.Length > files.Torrent.Files[file].Length)
            return false;
        return HasRightPiece(file, have) || IsBesideRightData(file, have) || HoldsNothing(file, cancellationToken);
    }

    private bool HasRightPiece(int file, Bitfield have)
    {
        (int first, int last) = files.Layout.PiecesOf(file);
        return have.HasAny(first, last + 1);
    }

    /// <summary>
    /// Whether a file has the torrent's length and shares every piece with a partly correct file. A wrong byte in either file makes such a piece wrong, so it says
    /// nothing about this file, which is taken for the torrent's because of its neighbour: data with one bad byte can be repaired.
    /// </summary>
    private bool IsBesideRightData(int file, Bitfield have)
    {
        if (files.Found![file].Length != files.Torrent.Files[file].Length)
            return false;
        (int first, int last) = files.Layout.PiecesOf(file);
        for (int piece = first; piece <= last; piece++)
        {
            bool isShared = false;
            foreach (FileSegment segment in files.Layout.Segments(piece, 0, files.Torrent.LengthOfPiece(piece)))
                isShared |= segment.File != file && files.IsWanted(segment.File) && HasRightPiece(segment.File, have);
            if (!isShared)
                return false;
        }

        return true;
    }

    /// <summary>Whether a file contains only zeros. Holes are skipped if the system reports them.</summary>
    private bool HoldsNothing(int file, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            using SafeFileHandle handle = File.OpenHandle(files.PathOf(file), FileMode.Open, FileAccess.Read, StoredFiles.ShareAll, FileOptions.SequentialScan);
            for (long offset = 0; (offset = NextData(handle, offset)) >= 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int read = RandomAccess.Read(handle, buffer, offset);
                if (read == 0)
                    return true;
                if (buffer.AsSpan(0, read).ContainsAnyExcept((byte)0))
                    return false;
                offset += read;
            }

            return true;
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.From(e, files.PathOf(file), "cannot be read");
        }
    }

    /// <summary>The offset of the next bytes that may be non-zero; negative if there are none.</summary>
    private static long NextData(SafeFileHandle handle, long offset)
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
            return offset;
        long data = Seek(handle, offset, SeekData);
        // A file system without support for holes says so, and the file is read.
        return data >= 0 ? data : Marshal.GetLastPInvokeError() == NoMoreData ? -1 : offset;
    }

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Seek(SafeFileHandle file, long offset, int whence);
}
