namespace TorrentPS.Commands;

/// <summary>The source of a torrent.</summary>
internal abstract record TorrentInput
{
    private TorrentInput()
    {
    }

    /// <summary>A file, by its path in the file system.</summary>
    public sealed record File(string Path) : TorrentInput;

    /// <summary>A magnet link, or the http or https address of a .torrent.</summary>
    public sealed record Address(Uri Uri) : TorrentInput;

    /// <summary>A torrent that has already been read.</summary>
    public sealed record Ready(TorrentInfo Torrent) : TorrentInput;
}
