namespace TorrentPS;

/// <summary>Which data to check, and where it is.</summary>
public sealed record TestDataOptions
{
    /// <summary>The folder that the file or folder of the torrent is in.</summary>
    public required string Folder { get; init; }

    /// <summary>Wildcards over the files' paths, whole or below the torrent's folder; empty means all files.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Wildcards over the paths of files to leave out.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];
}
