using System.Text;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage.Creating;

/// <summary>
/// A torrent to be created: its files and piece length, before anything is hashed.
/// </summary>
/// <remarks>
/// <para>
/// The files are in the order of the bytes of their paths, so the same files give the same info dictionary on every system, and the same as with mktorrent. The files of
/// a version 2 or hybrid torrent are in file tree order, folder by folder, with the same result as in libtorrent. Hidden files are included. Links to files and folders
/// are followed. Empty files are included, empty folders cannot be. Pipes, sockets and devices are skipped.
/// </para>
/// <para>
/// Several files and folders become one torrent of the folder that contains all of them, without that folder's other contents. So the data can be seeded from its
/// existing location, unless the torrent gets another name.
/// </para>
/// </remarks>
public sealed class TorrentDraft
{
    private readonly List<InputFile> _files;
    private readonly TorrentCreatorOptions _options;
    private readonly string _root;
    private readonly string _parent;

    private TorrentDraft(InputRoot root, List<InputFile> files, TorrentCreatorOptions options, List<string> warnings)
    {
        _files = files;
        _options = options;
        _root = root.Path;
        IsSingleFile = root.IsFile;
        Name = options.Name ?? root.Name;
        _parent = Path.GetDirectoryName(IsSingleFile ? files[0].FullPath : _root)!;
        DataFolder = options.Version == TorrentVersion.V2 && !IsSingleFile && files.Count == 1 && !files[0].Path.Contains('/') ? _root : _parent;
        foreach (InputFile file in files)
            Length = checked(Length + file.Length);
        if (Length == 0)
            throw new TorrentException(TorrentErrorId.InvalidTorrent, $"There are no bytes to create a torrent from in '{root.Shown}'; {(options.Exclude.Count > 0 ? "exclude less, or " : "")}add a file that is not empty.");
        Version = options.Version;
        PieceLength = DraftLimits.PieceLength(options.PieceLength, Length, root.Shown);
        PieceCount = DraftLimits.PieceCount(this, root.Shown);
        DraftLimits.CheckPaths(this, warnings);
        DraftLimits.CheckLength(this);
        Warnings = warnings;
    }

    /// <summary>The name of the file or folder in the torrent.</summary>
    public string Name { get; }

    /// <summary>The total size of the files in bytes.</summary>
    public long Length { get; }

    /// <summary>The number of files.</summary>
    public int FileCount => _files.Count;

    /// <summary>The piece length in bytes.</summary>
    public int PieceLength { get; }

    /// <summary>The number of pieces.</summary>
    public int PieceCount { get; }

    /// <summary>The protocol version.</summary>
    public TorrentVersion Version { get; }

    /// <summary>Whether the torrent is one file, rather than a folder.</summary>
    public bool IsSingleFile { get; }

    /// <summary>
    /// The full path of the folder that contains the file or folder: a seeder finds the data there, unless the name in the torrent differs from that on disk. For a
    /// version 2 torrent of one file in a folder it is that folder, because a file tree cannot distinguish this from the file alone.
    /// </summary>
    public string DataFolder { get; }

    /// <summary>Whether the name on disk differs from that in the torrent, so that the data must be renamed before seeding.</summary>
    public bool IsRenamed => Name != DiskName;

    /// <summary>Warnings for the author, such as names that are not valid on other systems.</summary>
    public IReadOnlyList<string> Warnings { get; }

    internal IReadOnlyList<InputFile> Files => _files;

    internal TorrentCreatorOptions Options => _options;

    private string DiskName => IsSingleFile ? Path.GetFileName(_files[0].FullPath) : Path.GetFileName(_root);

    /// <summary>The default name of a torrent of these files and folders.</summary>
    /// <param name="paths">The files and folders.</param>
    /// <exception cref="TorrentException">A path does not exist (TorrentNotFound), or the paths have no common folder (InvalidTorrent).</exception>
    public static string ChooseName(params IReadOnlyList<string> paths) => InputRoot.Of(paths).Name;

    /// <summary>Collects the files of a torrent, and checks that each can be read.</summary>
    /// <param name="paths">The files and folders.</param>
    /// <param name="options">Other contents of the torrent; null means the defaults.</param>
    /// <param name="cancellationToken">Cancels with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="TorrentException">
    /// A path does not exist (TorrentNotFound); there is no data, too much data, or no common folder (InvalidTorrent); a name cannot be stored in a torrent, or a link
    /// forms a cycle (UnsafePath); a file or folder cannot be read (AccessDenied).
    /// </exception>
    public static TorrentDraft Collect(IReadOnlyList<string> paths, TorrentCreatorOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentOutOfRangeException.ThrowIfZero(paths.Count, nameof(paths));
        options ??= new TorrentCreatorOptions();
        InputRoot root = InputRoot.Of(paths);
        List<string> warnings = [];
        InputFiles inputs = new(root.Path, options.Exclude, options.OutputPath, warnings, PathEquality.OfSystem, cancellationToken);
        foreach (string path in root.Inputs)
            inputs.Add(path);
        List<InputFile> files = inputs.InOrder(options.Version == TorrentVersion.V1 ? PathOrder.Instance : PathOrder.ByFolder);
        if (files.Count == 0)
            throw new TorrentException(TorrentErrorId.InvalidTorrent, $"There is no file to create a torrent from in '{root.Shown}'; check the path{(options.Exclude.Count > 0 ? " and what is excluded" : "")}.");
        if (options.IsPrivate && !options.Trackers.Any(tier => tier.Count > 0))
            warnings.Add("The torrent is private but has no tracker, so clients cannot find peers for it.");
        return new TorrentDraft(root, files, options, warnings);
    }

    /// <summary>Hashes the files on all cores, and creates the torrent.</summary>
    /// <param name="progress">Receives the progress, from any thread.</param>
    /// <param name="cancellationToken">Cancels within one read with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The bytes of the .torrent file.</returns>
    /// <exception cref="TorrentException">A file cannot be read (AccessDenied), or has changed since it was examined (DataMismatch).</exception>
    public async Task<byte[]> CreateAsync(IProgress<TorrentCreatorProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        Torrent torrent = Describe();
        Action<int>? pieceHashed = progress is null
            ? null
            : done => progress.Report(new TorrentCreatorProgress(Math.Min((long)done * PieceLength, Length), Length));
        PieceDigests hashes;
        bool[] all = new bool[torrent.Files.Count];
        Array.Fill(all, true);
        try
        {
            using DataStore store = new(torrent, _parent, all, readOnly: true);
            hashes = await store.HashAllAsync(pieceHashed, cancellationToken).ConfigureAwait(false);
        }
        catch (TorrentException e) when (e.ErrorId == TorrentErrorId.DataMismatch)
        {
            CheckUnchanged();
            throw;
        }

        CheckUnchanged();
        return Build(hashes);
    }

    private void CheckUnchanged()
    {
        foreach (InputFile file in _files)
        {
            if (!file.IsUnchanged())
                throw new TorrentException(TorrentErrorId.DataMismatch, $"'{file.FullPath}' changed while it was hashed; try again when nothing writes to it.");
        }
    }

    private byte[] Build(PieceDigests hashes)
    {
        TorrentBuilder builder = new(Name, PieceLength, Version)
        {
            PieceHashes = hashes.V1,
            PieceRoots = hashes.V2,
            Trackers = _options.Trackers,
            WebSeeds = _options.WebSeeds,
            IsPrivate = _options.IsPrivate,
            Comment = _options.Comment,
            CreatedBy = _options.CreatedBy,
            CreationDate = _options.CreationDate,
            Source = _options.Source,
            Similar = _options.Similar,
            Collections = _options.Collections,
        };
        if (IsSingleFile)
        {
            builder.SetSingleFile(Length, _files[0].IsExecutable);
            return builder.Build();
        }

        foreach (InputFile file in _files)
            builder.AddFile(file.Path, file.Length, file.IsExecutable);
        return builder.Build();
    }

    /// <summary>The torrent before its hashes are known, with the names on disk. A hybrid torrent includes the padding that its v1 pieces are hashed with.</summary>
    private Torrent Describe()
    {
        List<TorrentFile> files = new(_files.Count);
        long offset = 0, end = 0;
        foreach (InputFile file in _files)
        {
            files.Add(new TorrentFile(IsSingleFile ? DiskName : $"{DiskName}/{file.Path}", file.Length, files.Count, offset));
            offset += file.Length;
            end = file.Length > 0 ? offset : end;
            int padding = Version == TorrentVersion.V1 || _files.Count == 1 ? 0 : (int)((PieceLength - offset % PieceLength) % PieceLength);
            if (padding > 0 && Version == TorrentVersion.Hybrid)
            {
                files.Add(new TorrentFile(".pad", padding, files.Count, offset) { IsPadding = true });
                end += padding;
            }

            offset += padding;
        }

        return new Torrent
        {
            Name = DiskName,
            InfoHash = InfoHash.Create(new byte[InfoHash.V1Length]),
            Version = Version,
            PieceLength = PieceLength,
            Length = end,
            PieceCount = PieceCount,
            Files = files,
            IsSingleFile = IsSingleFile,
            InfoBytes = ReadOnlyMemory<byte>.Empty,
        };
    }
}
