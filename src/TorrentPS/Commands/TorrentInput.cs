namespace TorrentPS.Commands;

/// <summary>Where a torrent is to come from.</summary>
internal abstract record TorrentInput
{
    private TorrentInput()
    {
    }

    /// <summary>A file, by its path in the file system.</summary>
    public sealed record File(string Path) : TorrentInput;

    /// <summary>A magnet link, or the http or https address of a .torrent.</summary>
    public sealed record Address(Uri Uri) : TorrentInput;

    /// <summary>A torrent that was read before.</summary>
    public sealed record Ready(TorrentInfo Torrent) : TorrentInput;
}
