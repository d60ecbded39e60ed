namespace TorrentPS.Engine.Metainfo;

/// <summary>The contents of a .torrent file (BEP 3 and its extensions), or of a magnet link; checked and immutable.</summary>
public sealed class Torrent
{
    private IReadOnlyList<IReadOnlyList<Uri>> _trackers = [];
    private MagnetLink? _link;

    internal Torrent()
    {
    }

    /// <summary>The suggested name of the file, or of the folder if there are several files; sanitized.</summary>
    public required string Name { get; init; }

    /// <summary>The info hash.</summary>
    public required InfoHash InfoHash { get; init; }

    /// <summary>The protocol version.</summary>
    public required TorrentVersion Version { get; init; }

    /// <summary>The size of a piece in bytes; the last piece may be shorter.</summary>
    public required int PieceLength { get; init; }

    /// <summary>The size of all files in bytes, including padding.</summary>
    public required long Length { get; init; }

    /// <summary>The number of pieces.</summary>
    public required int PieceCount { get; init; }

    /// <summary>The files in order, including padding files.</summary>
    public required IReadOnlyList<TorrentFile> Files { get; init; }

    /// <summary>Whether the torrent is one file directly in the destination, rather than a folder.</summary>
    public required bool IsSingleFile { get; init; }

    /// <summary>The trackers by tier (BEP 12); without <c>announce-list</c>, one tier with the address of <c>announce</c>.</summary>
    public IReadOnlyList<IReadOnlyList<Uri>> Trackers { get => _trackers; init => _trackers = value; }

    /// <summary>The web seeds (BEP 19, <c>url-list</c>).</summary>
    public IReadOnlyList<Uri> WebSeeds { get; init; } = [];

    /// <summary>The web seeds that serve pieces (BEP 17, <c>httpseeds</c>).</summary>
    internal IReadOnlyList<Uri> HttpSeeds { get; init; } = [];

    /// <summary>The DHT nodes as host:port (BEP 5).</summary>
    public IReadOnlyList<string> Nodes { get; init; } = [];

    /// <summary>Whether peers may come only from the trackers (BEP 27).</summary>
    public bool IsPrivate { get; init; }

    /// <summary>The author's comment.</summary>
    public string? Comment { get; init; }

    /// <summary>The program that created the torrent.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>When the torrent was created.</summary>
    public DateTimeOffset? CreationDate { get; init; }

    /// <summary>The <c>source</c> key of the info dictionary, which private trackers set.</summary>
    public string? Source { get; init; }

    /// <summary>The info hashes of other torrents that may have some of the same files (BEP 38, <c>similar</c>); at most 200.</summary>
    public IReadOnlyList<InfoHash> Similar { get; init; } = [];

    /// <summary>The names of collections whose torrents may have some of the same files (BEP 38); at most 200.</summary>
    public IReadOnlyList<string> Collections { get; init; } = [];

    /// <summary>The info dictionary exactly as read, which the info hash covers. Empty if only a magnet link is known.</summary>
    public required ReadOnlyMemory<byte> InfoBytes { get; init; }

    /// <summary>Whether the files, pieces and hashes are known, rather than only a magnet link.</summary>
    public bool HasMetadata => PieceLength > 0;

    /// <summary>The magnet link that the torrent came from; null if it came from a file.</summary>
    public MagnetLink? Link { get => _link; init => _link = value; }

    /// <summary>The .torrent file exactly as read; empty for a magnet link.</summary>
    internal ReadOnlyMemory<byte> FileBytes { get; init; }

    /// <summary>The SHA-1 hashes of the v1 pieces, 20 bytes each, concatenated; empty for a v2 torrent.</summary>
    internal ReadOnlyMemory<byte> PieceHashes { get; init; }

    /// <summary>The roots of the merkle trees by file (BEP 52, <c>pieces root</c>), empty for an empty file; null for a v1 torrent.</summary>
    internal IReadOnlyList<ReadOnlyMemory<byte>>? PieceRoots { get; init; }

    /// <summary>The <c>piece layers</c> dictionary (BEP 52) exactly as read; empty if there is none, as for a magnet link whose peers did not send them.</summary>
    internal ReadOnlyMemory<byte> PieceLayers { get; init; }

    /// <summary>
    /// The piece hashes by file (BEP 52), 32 bytes each, checked against the root; empty for a file of one piece, whose hash is the root, and if unknown. Null for a v1
    /// torrent.
    /// </summary>
    internal IReadOnlyList<ReadOnlyMemory<byte>>? FileLayers { get; init; }

    /// <summary>The SHA-1 of a piece.</summary>
    internal ReadOnlySpan<byte> PieceHash(int piece) => PieceHashes.Span.Slice(piece * InfoHash.V1Length, InfoHash.V1Length);

    /// <summary>
    /// The number of bytes in a piece: <see cref="PieceLength"/>, or less for the last; in a v2 torrent for the last of each file, because every file begins a piece (BEP
    /// 52, "piece length").
    /// </summary>
    internal int LengthOfPiece(int piece)
    {
        long begin = (long)piece * PieceLength;
        long end = Version == TorrentVersion.V2 ? EndOf(Files[FileAt(begin)]) : Length;
        return (int)Math.Min(PieceLength, end - begin);
    }

    /// <summary>
    /// The end of the range of a piece that peers may request. Some clients (libtorrent 2.0.8) request whole blocks even where a file of a v2 torrent ends; the bytes
    /// behind the end are zero.
    /// </summary>
    internal int ServedLengthOfPiece(int piece) => Version == TorrentVersion.V2 ? PieceLength : LengthOfPiece(piece);

    /// <summary>The number of bytes in a piece before the padding at its end (BEP 47), which is all that is requested from peers.</summary>
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

    /// <summary>The file that contains a byte; in the gap behind a file of a v2 torrent, that file.</summary>
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

    /// <summary>Whether the torrent has padding files.</summary>
    private bool HasPadding => (_padding == 0 ? _padding = Files.Any(file => file.IsPadding) ? 1 : -1 : _padding) > 0;

    private int _padding; // 0 until it is needed

    private static long EndOf(TorrentFile file) => file.Offset + file.Length;

    /// <summary>Parses a .torrent.</summary>
    /// <param name="data">The complete file. It is kept, not copied, and must not be changed afterwards.</param>
    /// <exception cref="TorrentPS.Engine.Errors.TorrentException">The data is not bencoded, is not a torrent, exceeds a limit or contains an unsafe path; the message has
    /// the byte offset and the key.</exception>
    public static Torrent Parse(ReadOnlyMemory<byte> data) => TorrentParser.Parse(data);

    /// <summary>The torrent of a magnet link: a name, hashes, trackers and web seeds, but no files and no pieces.</summary>
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

    /// <summary>The same torrent with more trackers before its own, because those that the user adds are asked first. The original bytes stay as they are.</summary>
    /// <param name="tiers">The trackers by tier; those that the torrent already has keep their place.</param>
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

    /// <summary>The .torrent file: as it was read, or written from the known parts.</summary>
    /// <exception cref="InvalidOperationException">Only a magnet link is known.</exception>
    public ReadOnlyMemory<byte> ToBytes() => FileBytes.IsEmpty ? TorrentWriter.Write(this) : FileBytes;

    /// <summary>Parses an info dictionary alone, as peers send it (BEP 9). The caller compares the info hash.</summary>
    /// <param name="info">The info dictionary; kept, not copied.</param>
    /// <param name="magnet">The magnet link, for the trackers and web seeds.</param>
    /// <param name="pieceLayers">The <c>piece layers</c> (BEP 52), if peers sent them.</param>
    /// <exception cref="TorrentPS.Engine.Errors.TorrentException">As for <see cref="Parse"/>.</exception>
    internal static Torrent ParseInfo(ReadOnlyMemory<byte> info, MagnetLink? magnet = null, ReadOnlyMemory<byte> pieceLayers = default) =>
        TorrentParser.ParseInfo(info, magnet, pieceLayers);
}
