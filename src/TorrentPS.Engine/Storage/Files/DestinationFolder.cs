using System.Buffers;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>
/// The folder that a torrent's files are written to. Nothing below it is opened or created through a link that leads out of it; the folder itself may be reached through
/// links.
/// </summary>
internal sealed class DestinationFolder
{
    /// <summary>The folder for resume, parts and lock files, below the destination.</summary>
    public const string ControlFolderName = ".torrentps";

    private const int MaxLinks = 40;
    private const int MaxTries = 100;

    // EEXIST, ERROR_ALREADY_EXISTS.
    private const int Exists = 17;
    private const int WindowsExists = unchecked((int)0x800700B7);

    private static readonly SearchValues<char> s_hexDigits = SearchValues.Create("0123456789ABCDEFabcdef");

    private readonly PathEquality _equality;
    private readonly List<string> _madeIn = [];
    private string? _realPath;

    /// <param name="path">The folder.</param>
    /// <param name="equality">Compares paths; null means the system's rule.</param>
    public DestinationFolder(string path, PathEquality? equality = null)
    {
        Path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        _equality = equality ?? PathEquality.OfSystem;
    }

    /// <summary>The full path.</summary>
    public string Path { get; }

    /// <summary>The full path of the folder of control files.</summary>
    public string ControlPath => System.IO.Path.Join(Path, ControlFolderName);

    /// <summary>The full path of a file or folder below.</summary>
    /// <param name="relative">Its path with '/' between the components.</param>
    /// <exception cref="TorrentException">The path leads out of the folder or into the control files (UnsafePath).</exception>
    public string FullPath(string relative)
    {
        string[] parts = relative.Split('/');
        bool unsafePart = System.IO.Path.IsPathRooted(relative)
            || LeadsToControlFolder(parts[0]);
        foreach (string part in parts)
            unsafePart |= part is "" or "." or ".." || part.Contains('\0') || (_equality == PathEquality.OfWindows && IsMoreOnWindows(part));
        if (unsafePart)
            throw new TorrentException(TorrentErrorId.UnsafePath, $"The path '{relative}' in the torrent cannot be used below '{Path}'.");
        return System.IO.Path.Join(Path, relative.Replace('/', System.IO.Path.DirectorySeparatorChar));
    }

    /// <summary>Refuses a path that leads out of the folder through a link (symbolic, or a junction).</summary>
    /// <param name="fullPath">A full path below the folder.</param>
    /// <exception cref="TorrentException">The path leads out (UnsafePath).</exception>
    public void CheckLinks(string fullPath)
    {
        int end = Path.Length;
        while (end < fullPath.Length)
        {
            int next = fullPath.IndexOf(System.IO.Path.DirectorySeparatorChar, end + 1);
            end = next < 0 ? fullPath.Length : next;
            string current = fullPath[..end];
            if (new FileInfo(current).LinkTarget is null)
                continue;
            _realPath ??= Resolve(Path);
            string real = Resolve(current);
            if (!_equality.IsBelow(real, _realPath))
                throw new TorrentException(TorrentErrorId.UnsafePath, $"'{current}' is a link to '{real}', outside the destination '{Path}'; remove the link or choose another destination.");
        }
    }

    /// <summary>The folders in which this one, or one above it, was created; their entries must be flushed to the disk.</summary>
    public IReadOnlyList<string> MadeIn => _madeIn;

    /// <summary>Creates a folder below this one, and this one, if they are missing.</summary>
    /// <exception cref="TorrentException">The folder cannot be created (AccessDenied, DiskFull, UnsafePath).</exception>
    public void CreateFolder(string fullPath)
    {
        CheckLinks(fullPath);
        for (string? path = Path; path is not null && !Directory.Exists(path);)
        {
            path = System.IO.Path.GetDirectoryName(path);
            if (path is not null)
                _madeIn.Add(path);
        }

        for (int i = 1; ; i++)
        {
            try
            {
                Directory.CreateDirectory(fullPath);
                return;
            }
            catch (Exception e) when (DiskErrors.IsDiskError(e))
            {
                for (string? path = fullPath; path is not null; path = System.IO.Path.GetDirectoryName(path))
                {
                    if (File.Exists(path))
                        throw new TorrentException(TorrentErrorId.AccessDenied, $"'{path}' is a file, but a folder is needed there; move it away or choose another destination.", e);
                }

                // Removed between two attempts: another download has just ended.
                if (e is not IOException || e.HResult is not (Exists or WindowsExists) || i == MaxTries)
                    throw DiskErrors.From(e, fullPath, "cannot be created");
            }
        }
    }

    /// <summary>Opens or creates a control file; creates the folder, even if another download is just removing it.</summary>
    public T OpenControlFile<T>(string name, Func<string, T> open)
    {
        string path = System.IO.Path.Join(ControlPath, name);
        for (int i = 1; ; i++)
        {
            try
            {
                if (!Directory.Exists(ControlPath))
                {
                    CreateFolder(ControlPath);
                    if (OperatingSystem.IsWindows())
                        File.SetAttributes(ControlPath, FileAttributes.Directory | FileAttributes.Hidden);
                }

                CheckLinks(ControlPath);
                ControlFile.Check(path);
                return open(path);
            }
            catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException && i < MaxTries)
            {
            }
        }
    }

    /// <summary>Removes the folder of control files if it is empty.</summary>
    public void RemoveControlFolder()
    {
        try
        {
            Directory.Delete(ControlPath);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            // Not empty, missing, or no permission to remove it: none of these matters.
        }
    }

    /// <summary>Whether some file system takes a name for that of the control folder: in another case, or as the short name of NTFS and FAT.</summary>
    private static bool LeadsToControlFolder(string name)
    {
        if (PathKey.Of(name).Equals(ControlFolderName, StringComparison.OrdinalIgnoreCase))
            return true;
        // TORREN~1 to TORREN~4, and then TO, four digits of a hash and ~1.
        int tilde = name.IndexOf('~');
        return tilde is > 0 and <= 6 && name.Length > tilde + 1 && !name.AsSpan(tilde + 1).ContainsAnyExceptInRange('0', '9')
            && (ControlFolderName.AsSpan(1).StartsWith(name.AsSpan(0, tilde), StringComparison.OrdinalIgnoreCase)
                || (tilde == 6 && name.StartsWith("TO", StringComparison.OrdinalIgnoreCase) && !name.AsSpan(2, 4).ContainsAnyExcept(s_hexDigits)));
    }

    /// <summary>Whether a name has a special meaning on Windows: other folders, a stream, or a trailing character that is removed.</summary>
    private static bool IsMoreOnWindows(string name) => name.AsSpan().ContainsAny('\\', ':') || name[^1] is '.' or ' ';

    /// <summary>Resolves every link in the path; components that do not exist stay as they are.</summary>
    internal static string Resolve(string path)
    {
        Stack<string> pending = new();
        string current = Push(pending, path) ?? "";
        int links = 0;
        while (pending.TryPop(out string? part))
        {
            if (part is "" or ".")
                continue;
            if (part == "..")
            {
                current = System.IO.Path.GetDirectoryName(current) ?? current;
                continue;
            }

            string next = System.IO.Path.Join(current, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                current = next;
                continue;
            }

            if (++links > MaxLinks)
                throw new TorrentException(TorrentErrorId.UnsafePath, $"'{path}' leads through too many links; remove the loop.");
            current = Push(pending, target) is not { } root ? current
                : System.IO.Path.IsPathFullyQualified(root) ? root : System.IO.Path.GetPathRoot(current) ?? root; // '\folder' is on the current drive
        }

        return current;
    }

    /// <summary>Pushes the components of a path, the first on top; returns the root if it has one.</summary>
    private static string? Push(Stack<string> pending, string path)
    {
        string root = System.IO.Path.GetPathRoot(path) ?? "";
        string[] parts = path[root.Length..].Split(System.IO.Path.DirectorySeparatorChar, System.IO.Path.AltDirectorySeparatorChar);
        for (int i = parts.Length - 1; i >= 0; i--)
            pending.Push(parts[i]);
        return root.Length == 0 ? null : root;
    }
}
