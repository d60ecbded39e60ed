using System.Text.Json.Serialization;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS;

/// <summary>What a torrent says of itself, as an immutable snapshot with the names that scripts use.</summary>
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

    /// <summary>Bytes in all its files, padding left out.</summary>
    public long Length => Files.Sum(file => file.Length);

    /// <inheritdoc cref="Torrent.PieceLength"/>
    public int PieceLength => _torrent.PieceLength;

    /// <inheritdoc cref="Torrent.PieceCount"/>
    public int PieceCount => _torrent.PieceCount;

    /// <summary>Its files in order, padding left out.</summary>
    public IReadOnlyList<TorrentFile> Files => field ??= [.. _torrent.Files.Where(file => !file.IsPadding)];

    /// <summary>How many files there are, padding left out.</summary>
    public int FileCount => Files.Count;

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
    public string MagnetUri => field ??= MagnetLink.FromTorrent(_torrent).ToString();

    /// <summary>The path or address it was read from, or written to.</summary>
    public string? Path { get; }

    /// <summary>The folder that its file or folder is in, where that is known: of a torrent that was just made. It is where a seeder finds the data.</summary>
    public string? DataFolder { get; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
