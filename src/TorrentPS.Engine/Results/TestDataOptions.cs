namespace TorrentPS;

/// <summary>Which data to check, and its location.</summary>
public sealed record TestDataOptions
{
    /// <summary>The folder that contains the torrent's file or folder.</summary>
    public required string Folder { get; init; }

    /// <summary>Wildcard patterns for the files' paths, whole or below the torrent's folder; empty means all files.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Wildcard patterns for the paths of files to leave out.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];
}
