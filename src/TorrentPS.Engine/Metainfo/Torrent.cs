namespace TorrentPS.Engine.Metainfo;

/// <summary>What a .torrent file says (BEP 3 and its extensions), or as much of it as a magnet link does; checked and immutable.</summary>
public sealed class Torrent
{
    private IReadOnlyList<IReadOnlyList<Uri>> _trackers = [];
    private MagnetLink? _link;

    internal Torrent()
    {
    }

    /// <summary>The suggested name of the file, or of the folder when there are several files; sanitized.</summary>
    public required string Name { get; init; }

    /// <summary>What identifies it.</summary>
    public required InfoHash InfoHash { get; init; }

    /// <summary>Which generation of the protocol it is for.</summary>
    public required TorrentVersion Version { get; init; }

    /// <summary>Bytes in a piece; the last piece may have fewer.</summary>
    public required int PieceLength { get; init; }

    /// <summary>Bytes in all its files, padding included.</summary>
    public required long Length { get; init; }

    /// <summary>How many pieces there are.</summary>
    public required int PieceCount { get; init; }

    /// <summary>Its files in order, padding files included.</summary>
    public required IReadOnlyList<TorrentFile> Files { get; init; }

    /// <summary>Whether it is of one file that lies directly in the destination, rather than of a folder.</summary>
    public required bool IsSingleFile { get; init; }

    /// <summary>Its trackers by tier (BEP 12); the tier of <c>announce</c> where there is no <c>announce-list</c>.</summary>
    public IReadOnlyList<IReadOnlyList<Uri>> Trackers { get => _trackers; init => _trackers = value; }

    /// <summary>Its web seeds (BEP 19, <c>url-list</c>).</summary>
    public IReadOnlyList<Uri> WebSeeds { get; init; } = [];

    /// <summary>Its web seeds that are asked for pieces (BEP 17, <c>httpseeds</c>).</summary>
    internal IReadOnlyList<Uri> HttpSeeds { get; init; } = [];

    /// <summary>Its DHT nodes as host:port (BEP 5).</summary>
    public IReadOnlyList<string> Nodes { get; init; } = [];

    /// <summary>Whether peers come only from its trackers (BEP 27).</summary>
    public bool IsPrivate { get; init; }

    /// <summary>The author's remark.</summary>
    public string? Comment { get; init; }

    /// <summary>The program that made it.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset? CreationDate { get; init; }

    /// <summary>The <c>source</c> key of the info dictionary, which private trackers set.</summary>
    public string? Source { get; init; }

    /// <summary>The info hashes of other torrents that may have some of the same files (BEP 38, <c>similar</c>); at most 200.</summary>
    public IReadOnlyList<InfoHash> Similar { get; init; } = [];

    /// <summary>The names of the collections that it belongs to, whose torrents may have some of the same files (BEP 38); at most 200.</summary>
    public IReadOnlyList<string> Collections { get; init; } = [];

    /// <summary>The info dictionary exactly as read: what the info hash is of. Empty where only a magnet link is known.</summary>
    public required ReadOnlyMemory<byte> InfoBytes { get; init; }

    /// <summary>Whether there is more than a magnet link: files, pieces and their hashes.</summary>
    public bool HasMetadata => PieceLength > 0;

    /// <summary>The magnet link that it came from; null where it came from a file.</summary>
    public MagnetLink? Link { get => _link; init => _link = value; }

    /// <summary>The .torrent file exactly as read; empty where it came from a magnet link.</summary>
    internal ReadOnlyMemory<byte> FileBytes { get; init; }

    /// <summary>The SHA-1 hashes of the v1 pieces, 20 bytes each, in a row; empty for a v2 torrent.</summary>
    internal ReadOnlyMemory<byte> PieceHashes { get; init; }

    /// <summary>The roots of the merkle trees by file (BEP 52, <c>pieces root</c>), empty for an empty file; null for a v1 torrent.</summary>
    internal IReadOnlyList<ReadOnlyMemory<byte>>? PieceRoots { get; init; }

    /// <summary>The <c>piece layers</c> dictionary (BEP 52) exactly as read; empty where there is none, as after a magnet link whose peers did not give them.</summary>
    internal ReadOnlyMemory<byte> PieceLayers { get; init; }

    /// <summary>The hashes of the pieces by file (BEP 52), 32 bytes each, checked against the root; empty for a file of one piece, whose root that is, and where they are not known. Null for a v1 torrent.</summary>
    internal IReadOnlyList<ReadOnlyMemory<byte>>? FileLayers { get; init; }

    /// <summary>The SHA-1 of a piece.</summary>
    internal ReadOnlySpan<byte> PieceHash(int piece) => PieceHashes.Span.Slice(piece * InfoHash.V1Length, InfoHash.V1Length);

    /// <summary>
    /// Bytes in a piece: <see cref="PieceLength"/>, or what is left for the last; of a v2 torrent for the last of each file, since every file begins a
    /// piece (BEP 52, "piece length").
    /// </summary>
    internal int LengthOfPiece(int piece)
    {
        long begin = (long)piece * PieceLength;
        long end = Version == TorrentVersion.V2 ? EndOf(Files[FileAt(begin)]) : Length;
        return (int)Math.Min(PieceLength, end - begin);
    }

    /// <summary>
    /// Up to where in a piece a peer may ask for bytes. Some clients (libtorrent 2.0.8) ask for whole blocks where a file of a v2 torrent ends; what is
    /// behind the end is zero.
    /// </summary>
    internal int ServedLengthOfPiece(int piece) => Version == TorrentVersion.V2 ? PieceLength : LengthOfPiece(piece);

    /// <summary>Bytes in a piece before the padding that it ends with (BEP 47): what peers are asked for.</summary>
    internal int DataLengthOfPiece(int piece)
    {
        int length = LengthOfPiece(piece);
        if (!HasPadding)
            return length;
        long begin = (long)piece * PieceLength, end = begin + length;
        for (int file = FileAt(end - 1); end > begin && (Files[file].IsPadding || Files[file].Length == 0); file--)
            end = Math.Max(begin, Files[file].Offset);
        return (int)(end - begin);
    }

    /// <summary>The file that has a byte; where none has, in the gap behind a file of a v2 torrent, the one before.</summary>
    internal int FileAt(long position)
    {
        int low = 0, high = Files.Count;
        while (high - low > 1)
        {
            int middle = (int)(((uint)low + (uint)high) >> 1);
            if (Files[middle].Offset <= position)
                low = middle;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>Whether there are padding files.</summary>
    private bool HasPadding => (_padding == 0 ? _padding = Files.Any(file => file.IsPadding) ? 1 : -1 : _padding) > 0;

    private int _padding; // 0 until somebody asks

    private static long EndOf(TorrentFile file) => file.Offset + file.Length;

    /// <summary>Reads a .torrent.</summary>
    /// <param name="data">The whole file. It is kept, not copied, and must not be changed afterwards.</param>
    /// <exception cref="TorrentPS.Engine.Errors.TorrentException">It is not bencoded, not a torrent, exceeds a limit or names an unsafe path; the message has the byte offset and the key.</exception>
    public static Torrent Parse(ReadOnlyMemory<byte> data) => TorrentParser.Parse(data);

    /// <summary>What a magnet link says of a torrent: a name, hashes, trackers and web seeds, but no files and no pieces.</summary>
    /// <param name="link">The link.</param>
    public static Torrent FromLink(MagnetLink link)
    {
        ArgumentNullException.ThrowIfNull(link);
        return new Torrent
        {
            Name = link.Name,
            InfoHash = link.InfoHash,
            Version = !link.InfoHash.HasV2 ? TorrentVersion.V1 : link.InfoHash.HasV1 ? TorrentVersion.Hybrid : TorrentVersion.V2,
            PieceLength = 0,
            Length = link.Length ?? 0,
            PieceCount = 0,
            Files = [],
            IsSingleFile = false,
            InfoBytes = ReadOnlyMemory<byte>.Empty,
            Trackers = [.. link.Trackers.Select(uri => new[] { uri })],
            WebSeeds = link.WebSeeds,
            Link = link,
        };
    }

    /// <summary>The same torrent with more trackers, before its own: those that the user adds are the ones to ask first. Its file stays as it was read.</summary>
    /// <param name="tiers">The trackers by tier; those that it has already are left where they are.</param>
    internal Torrent WithTrackers(IReadOnlyList<IReadOnlyList<Uri>> tiers)
    {
        HashSet<Uri> known = [.. Trackers.SelectMany(tier => tier)];
        Uri[][] added = [.. tiers.Select(tier => tier.Where(known.Add).ToArray()).Where(tier => tier.Length > 0)];
        if (added.Length == 0)
            return this;
        var torrent = (Torrent)MemberwiseClone();
        torrent._trackers = [.. added, .. Trackers];
        torrent._link = Link?.WithTrackers([.. added.SelectMany(tier => tier)]);
        return torrent;
    }

    /// <summary>The .torrent file: as it was read, or else written from what is known.</summary>
    /// <exception cref="InvalidOperationException">Only a magnet link is known.</exception>
    public ReadOnlyMemory<byte> ToBytes() => FileBytes.IsEmpty ? TorrentWriter.Write(this) : FileBytes;

    /// <summary>Reads an info dictionary alone, as peers send it (BEP 9). The caller compares the info hash.</summary>
    /// <param name="info">The info dictionary; kept, not copied.</param>
    /// <param name="magnet">The magnet link, for the trackers and web seeds.</param>
    /// <param name="pieceLayers">The <c>piece layers</c> (BEP 52), where peers sent them.</param>
    /// <exception cref="TorrentPS.Engine.Errors.TorrentException">As for <see cref="Parse"/>.</exception>
    internal static Torrent ParseInfo(ReadOnlyMemory<byte> info, MagnetLink? magnet = null, ReadOnlyMemory<byte> pieceLayers = default) =>
        TorrentParser.ParseInfo(info, magnet, pieceLayers);
}
