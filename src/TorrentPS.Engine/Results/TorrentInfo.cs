using System.Text;
using System.Text.Json.Serialization;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS;

/// <summary>The contents of a torrent or magnet link, as an immutable snapshot with the names that scripts use.</summary>
public sealed class TorrentInfo
{
    private readonly Torrent _torrent;

    /// <summary>Creates the snapshot of a torrent.</summary>
    /// <param name="torrent">The torrent.</param>
    /// <param name="path">The path or address it was read from, or written to.</param>
    /// <param name="dataFolder">The folder that contains the torrent's file or folder, if known.</param>
    public TorrentInfo(Torrent torrent, string? path = null, string? dataFolder = null)
    {
        ArgumentNullException.ThrowIfNull(torrent);
        _torrent = torrent;
        Path = path;
        DataFolder = dataFolder;
    }

    /// <summary>Creates the snapshot of a magnet link, from the link alone.</summary>
    /// <param name="link">The link.</param>
    public TorrentInfo(MagnetLink link)
        : this(Torrent.FromLink(link))
    {
    }

    /// <summary>The torrent itself, for the engine.</summary>
    [JsonIgnore]
    internal Torrent Torrent => _torrent;

    /// <inheritdoc cref="Torrent.Name"/>
    public string Name => _torrent.Name;

    /// <summary>The v1 info hash in hexadecimal, or the v2 info hash if there is no v1 hash.</summary>
    public string InfoHash => _torrent.InfoHash.ToString();

    /// <summary>The v1 info hash in hexadecimal, if there is one.</summary>
    public string? InfoHashV1 => _torrent.InfoHash.HasV1 ? Convert.ToHexStringLower(_torrent.InfoHash.V1) : null;

    /// <summary>The v2 info hash in hexadecimal, if there is one.</summary>
    public string? InfoHashV2 => _torrent.InfoHash.HasV2 ? Convert.ToHexStringLower(_torrent.InfoHash.V2) : null;

    /// <inheritdoc cref="Torrent.Version"/>
    public TorrentVersion Version => _torrent.Version;

    /// <summary>Whether the metadata is known: for a magnet link alone, the files, pieces and related properties are null or empty.</summary>
    public bool HasMetadata => _torrent.HasMetadata;

    /// <summary>The total size of the files in bytes, without padding; for a magnet link, the size given in the link, or null.</summary>
    public long? Length => HasMetadata ? Files.Sum(file => file.Length) : _torrent.Link?.Length;

    /// <summary>The size of a piece in bytes; null for a magnet link.</summary>
    public int? PieceLength => HasMetadata ? _torrent.PieceLength : null;

    /// <summary>The number of pieces; null for a magnet link.</summary>
    public int? PieceCount => HasMetadata ? _torrent.PieceCount : null;

    /// <summary>The files in order, without padding.</summary>
    /// <remarks>A type with a public indexer: without one, <c>$torrent.Files[0]</c> in PowerShell returns all files.</remarks>
    public IReadOnlyList<TorrentFile> Files => field ??= Array.AsReadOnly(_torrent.Files.Where(file => !file.IsPadding).ToArray());

    /// <summary>The number of files, without padding; null for a magnet link.</summary>
    public int? FileCount => HasMetadata ? Files.Count : null;

    /// <inheritdoc cref="Torrent.Trackers"/>
    public Uri[][] Trackers => [.. _torrent.Trackers.Select(tier => tier.ToArray())];

    /// <inheritdoc cref="Torrent.WebSeeds"/>
    public Uri[] WebSeeds => [.. _torrent.WebSeeds];

    /// <inheritdoc cref="Torrent.Nodes"/>
    public string[] Nodes => [.. _torrent.Nodes];

    /// <inheritdoc cref="Torrent.IsPrivate"/>
    public bool IsPrivate => _torrent.IsPrivate;

    /// <inheritdoc cref="Torrent.Comment"/>
    public string? Comment => _torrent.Comment;

    /// <inheritdoc cref="Torrent.CreatedBy"/>
    public string? CreatedBy => _torrent.CreatedBy;

    /// <inheritdoc cref="Torrent.CreationDate"/>
    public DateTimeOffset? CreationDate => _torrent.CreationDate;

    /// <inheritdoc cref="Torrent.Source"/>
    public string? Source => _torrent.Source;

    /// <summary>The magnet link of the torrent (BEP 9, BEP 53).</summary>
    public string MagnetUri => field ??= (HasMetadata ? MagnetLink.FromTorrent(_torrent) : _torrent.Link!).ToString();

    /// <summary>The path or address that the torrent was read from or written to.</summary>
    public string? Path { get; }

    /// <summary>The folder that contains the torrent's file or folder, if known, as for a torrent that was just created. A seed finds the data there.</summary>
    public string? DataFolder { get; }

    /// <summary>Writes the .torrent: as it was read or, for a magnet link, with the info dictionary from peers and the link's trackers and web seeds.</summary>
    /// <param name="path">The full path of the file, which is written completely or not at all; a missing folder is created.</param>
    /// <param name="overwrite">Whether to replace an existing file.</param>
    /// <param name="cancellationToken">Cancels writing; no file is left behind.</param>
    /// <returns>The torrent with the path.</returns>
    /// <exception cref="TorrentException">The file cannot be written or already exists, or only a magnet link is known.</exception>
    public async Task<TorrentInfo> SaveAsync(string path, bool overwrite = false, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!HasMetadata)
            throw new TorrentException(TorrentErrorId.InvalidTorrent, $"Of '{Name}' only the magnet link is known. Resolve it first.");
        path = System.IO.Path.GetFullPath(path);
        await AtomicFile.WriteAsync(path, _torrent.ToBytes(), overwrite, cancellationToken).ConfigureAwait(false);
        return new TorrentInfo(_torrent, path);
    }

    /// <summary>The same torrent with more trackers, which are asked before its own. The original bytes stay as they are.</summary>
    /// <param name="tiers">The trackers by tier (BEP 12); those that the torrent already has keep their place.</param>
    public TorrentInfo WithTrackers(params IReadOnlyList<IReadOnlyList<Uri>> tiers)
    {
        ArgumentNullException.ThrowIfNull(tiers);
        return new TorrentInfo(_torrent.WithTrackers(tiers), Path, DataFolder);
    }

    /// <summary>The name for a .torrent file: the torrent's name, shortened if it is too long for a file name.</summary>
    public string ToFileName() => TorrentFileName.Of(Name);

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
