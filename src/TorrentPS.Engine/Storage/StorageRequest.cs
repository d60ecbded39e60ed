using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>What is to be kept of a torrent, and how.</summary>
/// <param name="Torrent">The torrent.</param>
/// <param name="Layout">Its files, and which of them are wanted.</param>
/// <param name="Layers">The hashes of its pieces, where it is of version 2 or hybrid.</param>
internal sealed record StorageRequest(Torrent Torrent, FileLayout Layout, PieceLayers? Layers)
{
    /// <summary>The folder that its file or folder goes into.</summary>
    public required string Destination { get; init; }

    /// <summary>Whether the data must be complete, and is never written.</summary>
    public bool SeedOnly { get; init; }

    /// <summary>Whether everything is hashed again, whatever was noted of it before.</summary>
    public bool Recheck { get; init; }

    /// <summary>Whether files in the way that are not the torrent's are overwritten.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Files and folders that may have some of the same data.</summary>
    public IReadOnlyList<string> ReuseFrom { get; init; } = [];

    /// <summary>Whether the data of similar torrents is used in the same way (BEP 38).</summary>
    public bool ReuseSimilar { get; init; }

    /// <summary>Where what is remembered between runs is; null where nothing is.</summary>
    public string? StateFolder { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Gets a line for each thing worth knowing; called from any thread.</summary>
    public Action<string> Log { get; init; } = static _ => { };
}
