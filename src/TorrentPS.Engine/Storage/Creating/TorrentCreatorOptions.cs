namespace TorrentPS.Engine.Storage.Creating;

/// <summary>What goes into a torrent beside the files.</summary>
public sealed record TorrentCreatorOptions
{
    /// <summary>The name of the file or folder in the torrent; null means that on disk. With another name, the data must be renamed to be seeded.</summary>
    public string? Name { get; init; }

    /// <summary>The generation of the protocol that it is for.</summary>
    public Metainfo.TorrentVersion Version { get; init; }

    /// <summary>Bytes in a piece: a power of two from 16 KiB to 256 MiB; null chooses by the size of the data (<see cref="Metainfo.TorrentBuilder.ChoosePieceLength"/>).</summary>
    public int? PieceLength { get; init; }

    /// <summary>The trackers by tier (BEP 12).</summary>
    public IReadOnlyList<IReadOnlyList<Uri>> Trackers { get; init; } = [];

    /// <summary>The web seeds (BEP 19).</summary>
    public IReadOnlyList<Uri> WebSeeds { get; init; } = [];

    /// <summary>Whether peers come only from the trackers (BEP 27).</summary>
    public bool IsPrivate { get; init; }

    /// <summary>The author's remark.</summary>
    public string? Comment { get; init; }

    /// <summary>The program that makes it.</summary>
    public string? CreatedBy { get; init; } = "TorrentPS";

    /// <summary>When it is made; null leaves it out, and then the same files always give the same bytes.</summary>
    public DateTimeOffset? CreationDate { get; init; }

    /// <summary>
    /// Wildcards in PowerShell's manner over the paths below the folder, these with the folder's name, and bare names: such files, and folders with all in them, are left out.
    /// </summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Where the .torrent is going to be written; a file of that path in the folder is not made part of it.</summary>
    public string? OutputPath { get; init; }

    /// <summary>The <c>source</c> key of the info dictionary, which gives one's own info hash to a tracker's copy of a torrent.</summary>
    public string? Source { get; init; }

    /// <summary>The info hashes of other torrents that have some of the same files (BEP 38).</summary>
    public IReadOnlyList<Metainfo.InfoHash> Similar { get; init; } = [];

    /// <summary>Names of collections whose torrents have some of the same files (BEP 38).</summary>
    public IReadOnlyList<string> Collections { get; init; } = [];
}
