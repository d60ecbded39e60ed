using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>Makes a v1 torrent (BEP 3) of a file or folder.</summary>
public static class TorrentCreator
{
    /// <summary>
    /// Hashes a file, or all files in a folder and below, on all cores. The files are in the order of their paths by their characters' codes, so that the same
    /// files give the same info hash everywhere. Hidden files are included, links to files are followed.
    /// </summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="options">What else goes into the torrent; null means the defaults.</param>
    /// <param name="progress">Gets how far it has come, from any thread.</param>
    /// <param name="cancellationToken">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The bytes of the .torrent file.</returns>
    /// <exception cref="TorrentException">
    /// There is nothing at the path (TorrentNotFound), no byte in it, or too much (InvalidTorrent), a link to a folder in it (UnsafePath); a file cannot be read (AccessDenied),
    /// or changed while it was hashed (DataMismatch).
    /// </exception>
    public static async Task<byte[]> CreateAsync(
        string path, TorrentCreatorOptions? options = null, IProgress<TorrentCreatorProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new TorrentCreatorOptions();
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        bool isFolder = Directory.Exists(full);
        List<Source> sources = isFolder ? FilesIn(full, cancellationToken) : [FileAt(full)];
        Torrent torrent = Describe(full, sources, isFolder, options.PieceLength);
        Action<int>? pieceHashed = progress is null
            ? null
            : done => progress.Report(new TorrentCreatorProgress(Math.Min((long)done * torrent.PieceLength, torrent.Length), torrent.Length));
        byte[] hashes;
        bool[] all = new bool[sources.Count];
        Array.Fill(all, true);
        using (DataStore store = new(torrent, Path.GetDirectoryName(full)!, all, readOnly: true))
            hashes = await store.HashAllAsync(pieceHashed, cancellationToken).ConfigureAwait(false);
        foreach (Source source in sources)
        {
            if (Look(source.FullPath, source.Path) != source)
                throw new TorrentException(TorrentErrorId.DataMismatch, $"'{source.FullPath}' changed while it was hashed; try again when nothing writes to it.");
        }

        return Build(torrent, isFolder, options, hashes);
    }

    private static byte[] Build(Torrent torrent, bool isFolder, TorrentCreatorOptions options, byte[] hashes)
    {
        TorrentBuilder builder = new(options.Name ?? torrent.Name, torrent.PieceLength)
        {
            PieceHashes = hashes,
            Trackers = options.Trackers,
            WebSeeds = options.WebSeeds,
            IsPrivate = options.IsPrivate,
            Comment = options.Comment,
            CreatedBy = options.CreatedBy,
            CreationDate = options.CreationDate,
            Source = options.Source,
        };
        if (isFolder)
        {
            foreach (TorrentFile file in torrent.Files)
                builder.AddFile(file.Path[(torrent.Name.Length + 1)..], file.Length);
        }
        else
        {
            builder.SetSingleFile(torrent.Length);
        }

        return builder.Build();
    }

    /// <summary>The torrent as far as it is known before its hashes are.</summary>
    private static Torrent Describe(string full, List<Source> sources, bool isFolder, int? pieceLength)
    {
        string name = Path.GetFileName(full);
        if (name.Length == 0)
            throw new TorrentException(TorrentErrorId.InvalidTorrent, $"'{full}' has no name that a torrent could have; choose a folder below it.");
        List<TorrentFile> files = new(sources.Count);
        long offset = 0;
        foreach (Source source in sources)
        {
            files.Add(new TorrentFile(isFolder ? $"{name}/{source.Path}" : name, source.Length, files.Count, offset));
            offset = checked(offset + source.Length);
        }

        if (offset == 0)
            throw new TorrentException(TorrentErrorId.InvalidTorrent, $"There is no byte to make a torrent of in '{full}'.");
        int length = pieceLength ?? TorrentBuilder.ChoosePieceLength(offset);
        if (length is < 1 or > MetainfoLimits.PieceLength || (offset - 1) / length >= MetainfoLimits.Pieces)
            throw new TorrentException(TorrentErrorId.InvalidTorrent, $"Pieces of {length} bytes do not do for the {offset} bytes in '{full}'; choose a power of two from 16 KiB, or none.");
        return new Torrent
        {
            Name = name,
            InfoHash = InfoHash.Create(new byte[InfoHash.V1Length]),
            Version = TorrentVersion.V1,
            PieceLength = length,
            Length = offset,
            PieceCount = (int)((offset + length - 1) / length),
            Files = files,
            IsSingleFile = !isFolder,
            InfoBytes = ReadOnlyMemory<byte>.Empty,
        };
    }

    private static List<Source> FilesIn(string folder, CancellationToken cancellationToken)
    {
        List<Source> sources = [];
        Stack<(string FullPath, string Path)> folders = new([(folder, "")]);
        EnumerationOptions everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };
        while (folders.TryPop(out (string FullPath, string Path) current))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                foreach (FileSystemInfo entry in new DirectoryInfo(current.FullPath).EnumerateFileSystemInfos("*", everything))
                {
                    string path = current.Path.Length == 0 ? entry.Name : $"{current.Path}/{entry.Name}";
                    if (!Directory.Exists(entry.FullName))
                        sources.Add(FileAt(entry.FullName, path));
                    else if (entry.LinkTarget is not null)
                        throw new TorrentException(TorrentErrorId.UnsafePath, $"'{entry.FullName}' is a link to a folder, which a torrent cannot have; replace it by the folder or take it away.");
                    else if (path != DestinationFolder.ControlFolderName)
                        folders.Push((entry.FullName, path));
                }
            }
            catch (Exception e) when (DiskErrors.IsDiskError(e))
            {
                throw DiskErrors.From(e, current.FullPath, "cannot be read");
            }
        }

        sources.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return sources;
    }

    private static Source FileAt(string full, string? path = null) =>
        Look(full, path ?? Path.GetFileName(full))
            ?? throw new TorrentException(TorrentErrorId.TorrentNotFound, $"There is no file or folder '{full}' to make a torrent of; check the path.");

    private static Source? Look(string full, string path)
    {
        // Of a link what it leads to counts.
        FileInfo info = new(full);
        if (info.LinkTarget is not null)
            info = (FileInfo?)info.ResolveLinkTarget(returnFinalTarget: true) ?? info;
        return info.Exists ? new Source(full, path, info.Length, info.LastWriteTimeUtc) : null;
    }

    private sealed record Source(string FullPath, string Path, long Length, DateTime Written);
}
