using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage;

/// <summary>Whose the files are that are at the paths of a torrent's before anything is written.</summary>
internal sealed partial class FileOwners(StoredFiles files, ResumeFile resume)
{
    private const int SeekData = 3;
    private const int NoMoreData = 6; // ENXIO

    /// <summary>Looks at what is in the places of all wanted files, and touches nothing.</summary>
    /// <exception cref="TorrentException">
    /// A folder, a pipe or a device is where a file belongs, or anything but a file where a control file does (AccessDenied); a link leads out of the destination (UnsafePath).
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
            if (!files.IsWanted(file))
                continue;
            if (!files.IsReadOnly)
                files.Folder.CheckLinks(files.PathOf(file));
            found[file] = FileStatus.At(files.PathOf(file));
            StoredFiles.CheckKind(files.PathOf(file), found[file].Kind);
            files.Others.Note(file, found[file].Written);
        }

        files.Found = found;
    }

    /// <summary>
    /// Refuses to go on when a file is somebody's: one that is longer than the torrent's, or that has bytes and not one right piece. What an earlier run left is
    /// known by the resume file; a file that holds nothing but zeros, as other clients make them beforehand, has nothing to lose.
    /// </summary>
    /// <param name="have">The pieces that are right.</param>
    /// <param name="cancellationToken">Ends it within one read.</param>
    /// <exception cref="TorrentException">There is such a file (FileExists), or it cannot be read (AccessDenied).</exception>
    public void Check(Bitfield have, CancellationToken cancellationToken)
    {
        List<int> others = [];
        for (int file = 0; file < files.Torrent.Files.Count; file++)
        {
            if (files.IsWanted(file) && !IsOurs(file, have, cancellationToken))
                others.Add(file);
        }

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
    /// Whether a file has the torrent's length and every piece of it is shared with a file that is partly right. Such a piece is wrong by what is wrong in either
    /// file, and says nothing about this one, which is the torrent's by its place beside the other: data with one bad byte is repaired.
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

    /// <summary>Whether a file has no byte but zeros. Holes are passed over where the system tells them.</summary>
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

    /// <summary>Where the next bytes are that may be other than zero; negative when there are none.</summary>
    private static long NextData(SafeFileHandle handle, long offset)
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
            return offset;
        long data = Seek(handle, offset, SeekData);
        // A file system that knows no holes says so, and is read.
        return data >= 0 ? data : Marshal.GetLastPInvokeError() == NoMoreData ? -1 : offset;
    }

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Seek(SafeFileHandle file, long offset, int whence);
}
