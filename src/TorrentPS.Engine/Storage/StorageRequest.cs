using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>What to store of a torrent, and how.</summary>
/// <param name="Torrent">The torrent.</param>
/// <param name="Layout">Its files, and which are wanted.</param>
/// <param name="Layers">The piece hashes of a version 2 or hybrid torrent.</param>
internal sealed record StorageRequest(Torrent Torrent, FileLayout Layout, PieceLayers? Layers)
{
    /// <summary>The folder that contains the torrent's file or folder.</summary>
    public required string Destination { get; init; }

    /// <summary>Whether the data must be complete, and is never written.</summary>
    public bool SeedOnly { get; init; }

    /// <summary>Whether to hash everything again, ignoring earlier records.</summary>
    public bool Recheck { get; init; }

    /// <summary>Whether to overwrite existing files that do not belong to the torrent.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Files and folders that may have some of the same data.</summary>
    public IReadOnlyList<string> ReuseFrom { get; init; } = [];

    /// <summary>Whether to use data of similar torrents in the same way (BEP 38).</summary>
    public bool ReuseSimilar { get; init; }

    /// <summary>The folder for records kept between runs; null for none.</summary>
    public string? StateFolder { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Receives log lines; called from any thread.</summary>
    public Action<string> Log { get; init; } = static _ => { };
}
