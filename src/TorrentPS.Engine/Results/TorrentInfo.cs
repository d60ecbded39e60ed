using System.Text;
using System.Text.Json.Serialization;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS;

/// <summary>What a torrent says of itself, or a magnet link of a torrent, as an immutable snapshot with the names that scripts use.</summary>
public sealed class TorrentInfo
{
    private readonly Torrent _torrent;

    /// <summary>Makes the snapshot of a torrent.</summary>
    /// <param name="torrent">The torrent.</param>
    /// <param name="path">The path or address it was read from, or written to.</param>
    /// <param name="dataFolder">The folder that its file or folder is in, where that is known.</param>
    public TorrentInfo(Torrent torrent, string? path = null, string? dataFolder = null)
    {
        ArgumentNullException.ThrowIfNull(torrent);
        _torrent = torrent;
        Path = path;
        DataFolder = dataFolder;
    }

    /// <summary>Makes the snapshot of what a magnet link says; nobody is asked for the rest.</summary>
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

    /// <summary>The v1 info hash in hexadecimal digits, or the v2 info hash where there is no v1.</summary>
    public string InfoHash => _torrent.InfoHash.ToString();

    /// <summary>The v1 info hash in hexadecimal digits, where there is one.</summary>
    public string? InfoHashV1 => _torrent.InfoHash.HasV1 ? Convert.ToHexStringLower(_torrent.InfoHash.V1) : null;

    /// <summary>The v2 info hash in hexadecimal digits, where there is one.</summary>
    public string? InfoHashV2 => _torrent.InfoHash.HasV2 ? Convert.ToHexStringLower(_torrent.InfoHash.V2) : null;

    /// <inheritdoc cref="Torrent.Version"/>
    public TorrentVersion Version => _torrent.Version;

    /// <summary>Whether the metadata is known: files, pieces and all that is null or empty where there is only a magnet link.</summary>
    public bool HasMetadata => _torrent.HasMetadata;

    /// <summary>Bytes in all its files, padding left out; of a magnet link what it says, or null.</summary>
    public long? Length => HasMetadata ? Files.Sum(file => file.Length) : _torrent.Link?.Length;

    /// <summary>Bytes in a piece; null for a magnet link.</summary>
    public int? PieceLength => HasMetadata ? _torrent.PieceLength : null;

    /// <summary>How many pieces there are; null for a magnet link.</summary>
    public int? PieceCount => HasMetadata ? _torrent.PieceCount : null;

    /// <summary>Its files in order, padding left out.</summary>
    /// <remarks>Of a type with a public indexer, without which <c>$torrent.Files[0]</c> in PowerShell is all of them.</remarks>
    public IReadOnlyList<TorrentFile> Files => field ??= Array.AsReadOnly(_torrent.Files.Where(file => !file.IsPadding).ToArray());

    /// <summary>How many files there are, padding left out; null for a magnet link.</summary>
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

    /// <summary>The path or address it was read from, or written to.</summary>
    public string? Path { get; }

    /// <summary>The folder that its file or folder is in, where that is known: of a torrent that was just made. It is where a seeder finds the data.</summary>
    public string? DataFolder { get; }

    /// <summary>Writes the .torrent: as it was read, or, when it came from a magnet link, with the info dictionary that peers sent and the link's trackers and web seeds.</summary>
    /// <param name="path">The full path of the file. It is there whole or not at all; its folder is made when missing.</param>
    /// <param name="overwrite">Whether a file of that name is replaced.</param>
    /// <param name="cancellationToken">Ends it, with nothing written.</param>
    /// <returns>The torrent with the path.</returns>
    /// <exception cref="TorrentException">It cannot be written, there is such a file, or only a magnet link is known.</exception>
    public async Task<TorrentInfo> SaveAsync(string path, bool overwrite = false, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!HasMetadata)
            throw new TorrentException(TorrentErrorId.InvalidTorrent, $"Of '{Name}' only the magnet link is known. Resolve it first.");
        path = System.IO.Path.GetFullPath(path);
        await AtomicFile.WriteAsync(path, _torrent.ToBytes(), overwrite, cancellationToken).ConfigureAwait(false);
        return new TorrentInfo(_torrent, path);
    }

    /// <summary>The same torrent with more trackers, which are asked before its own. What it was read from stays as it is.</summary>
    /// <param name="tiers">The trackers by tier (BEP 12); those that the torrent has already are left where they are.</param>
    public TorrentInfo WithTrackers(params IReadOnlyList<IReadOnlyList<Uri>> tiers)
    {
        ArgumentNullException.ThrowIfNull(tiers);
        return new TorrentInfo(_torrent.WithTrackers(tiers), Path, DataFolder);
    }

    /// <summary>The name of a .torrent file for it: its own name, or as much of that as a file's name can have.</summary>
    public string ToFileName() => TorrentFileName.Of(Name);

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
