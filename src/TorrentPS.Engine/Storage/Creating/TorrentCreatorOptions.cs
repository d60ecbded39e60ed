namespace TorrentPS.Engine.Storage.Creating;

/// <summary>The contents of a torrent besides its files.</summary>
public sealed record TorrentCreatorOptions
{
    /// <summary>The name of the file or folder in the torrent; null means that on disk. With another name, the data must be renamed before seeding.</summary>
    public string? Name { get; init; }

    /// <summary>The protocol version.</summary>
    public Metainfo.TorrentVersion Version { get; init; }

    /// <summary>
    /// The piece length in bytes: a power of two from 16 KiB to 256 MiB; null chooses it by the size of the data (<see
    /// cref="Metainfo.TorrentBuilder.ChoosePieceLength"/>).
    /// </summary>
    public int? PieceLength { get; init; }

    /// <summary>The trackers by tier (BEP 12).</summary>
    public IReadOnlyList<IReadOnlyList<Uri>> Trackers { get; init; } = [];

    /// <summary>The web seeds (BEP 19).</summary>
    public IReadOnlyList<Uri> WebSeeds { get; init; } = [];

    /// <summary>Whether peers may come only from the trackers (BEP 27).</summary>
    public bool IsPrivate { get; init; }

    /// <summary>The author's comment.</summary>
    public string? Comment { get; init; }

    /// <summary>The program that creates the torrent.</summary>
    public string? CreatedBy { get; init; } = "TorrentPS";

    /// <summary>When the torrent is created; null omits the key, and then the same files always give the same bytes.</summary>
    public DateTimeOffset? CreationDate { get; init; }

    /// <summary>
    /// Wildcard patterns in PowerShell's syntax for paths below the folder, for these with the folder's name, and for file names: matching files, and matching folders
    /// with all their contents, are left out.
    /// </summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>The path of the .torrent to be written; a file with this path in the folder is left out.</summary>
    public string? OutputPath { get; init; }

    /// <summary>The <c>source</c> key of the info dictionary, which gives a tracker's copy of a torrent a different info hash.</summary>
    public string? Source { get; init; }

    /// <summary>The info hashes of other torrents with some of the same files (BEP 38).</summary>
    public IReadOnlyList<Metainfo.InfoHash> Similar { get; init; } = [];

    /// <summary>The names of collections whose torrents have some of the same files (BEP 38).</summary>
    public IReadOnlyList<string> Collections { get; init; } = [];
}
