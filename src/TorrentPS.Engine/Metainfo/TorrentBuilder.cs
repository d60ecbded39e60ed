using System.Buffers;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Metainfo;

/// <summary>
/// Builds a .torrent (BEP 3, 12, 19, 27, 47, 52). It reads no files: the hashes of the pieces are given to it.
/// </summary>
public sealed partial class TorrentBuilder
{
    /// <summary>The smallest piece length that all clients accept.</summary>
    public const int LeastPieceLength = 16 * 1024;

    /// <summary>The largest piece length that all clients accept.</summary>
    public const int GreatestPieceLength = 256 * 1024 * 1024;

    private const int GreatestChosenPieceLength = 16 * 1024 * 1024;
    private const int WantedPieces = 1024;

    // With this number of pieces, a .torrent has 8 MB; clients read 10.
    private const int MostChosenPieces = 400_000;

    private readonly List<Entry> _files = [];
    private long _end;

    /// <summary>Creates a builder.</summary>
    /// <param name="name">The name of the file, or of the folder if there are several files.</param>
    /// <param name="pieceLength">The piece length in bytes; except for v1 alone, a power of two from 16 KiB.</param>
    /// <param name="version">The protocol version.</param>
    public TorrentBuilder(string name, int pieceLength, TorrentVersion version = TorrentVersion.V1)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(pieceLength, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pieceLength, MetainfoLimits.PieceLength);
        if (version != TorrentVersion.V1 && (pieceLength < LeastPieceLength || !int.IsPow2(pieceLength)))
            throw new ArgumentException($"A piece of a version 2 torrent is a power of two from {LeastPieceLength} bytes.", nameof(pieceLength));
        Name = name;
        PieceLength = pieceLength;
        Version = version;
    }

    /// <summary>The protocol version.</summary>
    public TorrentVersion Version { get; }

    /// <summary>The name of the file, or of the folder.</summary>
    public string Name { get; }

    /// <summary>The piece length in bytes; the last piece may be shorter.</summary>
    public int PieceLength { get; }

    /// <summary>The size of all files so far in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>The number of pieces of the files so far.</summary>
    public int PieceCount => checked((int)((_end + PieceLength - 1) / PieceLength));

    /// <summary>The SHA-1 hashes of the pieces, 20 bytes each, concatenated.</summary>
    public ReadOnlyMemory<byte> PieceHashes { get; set; }

    /// <summary>
    /// The root of the hash tree over each piece (BEP 52), 32 bytes each, concatenated; for a file shorter than a piece, the file's root. Unused for v1 alone.
    /// </summary>
    public ReadOnlyMemory<byte> PieceRoots { get; set; }

    /// <summary>The trackers by tier (BEP 12).</summary>
    public IReadOnlyList<IReadOnlyList<Uri>> Trackers { get; set; } = [];

    /// <summary>The web seeds (BEP 19).</summary>
    public IReadOnlyList<Uri> WebSeeds { get; set; } = [];

    /// <summary>Whether peers may come only from the trackers (BEP 27).</summary>
    public bool IsPrivate { get; set; }

    /// <summary>The author's comment.</summary>
    public string? Comment { get; set; }

    /// <summary>The program that creates the torrent.</summary>
    public string? CreatedBy { get; set; }

    /// <summary>When the torrent is created.</summary>
    public DateTimeOffset? CreationDate { get; set; }

    /// <summary>The <c>source</c> key of the info dictionary, which gives a tracker's copy of a torrent a different info hash.</summary>
    public string? Source { get; set; }

    /// <summary>The info hashes of other torrents with some of the same files (BEP 38); they are part of the info dictionary.</summary>
    public IReadOnlyList<InfoHash> Similar { get; set; } = [];

    /// <summary>The names of collections whose torrents have some of the same files (BEP 38); they are part of the info dictionary.</summary>
    public IReadOnlyList<string> Collections { get; set; } = [];

    /// <summary>
    /// The piece length for a size of data: the power of two that comes closest to 1,024 pieces (724 to 1,448), from 16 KiB to 16 MiB, and larger only to avoid more than
    /// 400,000 pieces. Transmission 4 chooses the same; mktorrent's table differs only near the boundaries.
    /// </summary>
    /// <remarks>
    /// | up to | pieces | up to | pieces |
    /// |---:|---:|---:|---:|
    /// | 22.6 MiB | 16 KiB | 1.41 GiB | 1 MiB |
    /// | 45.3 MiB | 32 KiB | 2.83 GiB | 2 MiB |
    /// | 90.5 MiB | 64 KiB | 5.66 GiB | 4 MiB |
    /// | 181 MiB | 128 KiB | 11.3 GiB | 8 MiB |
    /// | 362 MiB | 256 KiB | 6.1 TiB | 16 MiB |
    /// | 724 MiB | 512 KiB | 12.2 TiB | 32 MiB |
    /// </remarks>
    /// <param name="size">The size of all files in bytes.</param>
    public static int ChoosePieceLength(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        // A length is used up to √2 times the size that gives 1,024 pieces; compared as squares, without rounding.
        UInt128 square = (UInt128)(ulong)size * (ulong)size / WantedPieces / WantedPieces;
        int length = LeastPieceLength;
        while (length < GreatestChosenPieceLength && (UInt128)length * (ulong)length * 2 < square)
            length *= 2;
        while (length < GreatestPieceLength && size / length >= MostChosenPieces)
            length *= 2;
        return length;
    }

    /// <summary>
    /// Adds a file to a torrent of several files, in the order of the data. In a version 2 torrent this is the order of the file tree: component by component, by bytes.
    /// </summary>
    /// <param name="path">The path below the folder, with '/' between the components.</param>
    /// <param name="length">The size of the file in bytes.</param>
    /// <param name="isExecutable">Whether the file is a program (BEP 47, "attr"); not recorded in a v1 torrent.</param>
    /// <exception cref="ArgumentException">The path is empty, or has an empty component, '.' or '..'; or, in a version 2 torrent, it does not sort after the previous
    /// one.</exception>
    public void AddFile(string path, long length, bool isExecutable = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        foreach (Range part in path.AsSpan().Split('/'))
        {
            if (path.AsSpan(part) is "" or "." or "..")
                throw new ArgumentException($"The path '{path}' has an empty part, '.' or '..'.", nameof(path));
        }
        if (Version != TorrentVersion.V1 && _files.Count > 0 && PathOrder.ByFolder.Compare(_files[^1].Path, path) >= 0)
            throw new ArgumentException($"'{path}' does not come after '{_files[^1].Path}' in a file tree.", nameof(path));
        AddLength(length);
        _files.Add(new Entry(path, length, isExecutable));
    }

    /// <summary>Makes this a torrent of one file, which has the torrent's name.</summary>
    /// <param name="length">The size of the file in bytes.</param>
    /// <param name="isExecutable">Whether the file is a program (BEP 47, "attr"); not recorded in a v1 torrent.</param>
    /// <exception cref="InvalidOperationException">Files have already been added.</exception>
    public void SetSingleFile(long length, bool isExecutable = false)
    {
        if (_files.Count > 0 || IsSingleFile)
            throw new InvalidOperationException("The torrent has files already.");
        AddLength(length);
        _files.Add(new Entry(Name, length, isExecutable));
        IsSingleFile = true;
    }

    /// <summary>Whether this is a torrent of one file, which has the torrent's name.</summary>
    public bool IsSingleFile { get; private set; }

    /// <summary>Builds the torrent.</summary>
    /// <returns>The bytes of the .torrent file.</returns>
    /// <exception cref="InvalidOperationException">There is no file, or the number of hashes is wrong.</exception>
    public byte[] Build()
    {
        if (_files.Count == 0)
            throw new InvalidOperationException("A torrent needs a file.");
        if (Version != TorrentVersion.V2 && PieceHashes.Length != (long)PieceCount * InfoHash.V1Length)
            throw new InvalidOperationException($"{PieceCount} pieces need {(long)PieceCount * InfoHash.V1Length} bytes of hashes, not {PieceHashes.Length}.");
        if (Version != TorrentVersion.V1 && PieceRoots.Length != (long)PieceCount * InfoHash.V2Length)
            throw new InvalidOperationException($"{PieceCount} pieces need {(long)PieceCount * InfoHash.V2Length} bytes of roots, not {PieceRoots.Length}.");
        byte[][] roots = Version == TorrentVersion.V1 ? [] : FileRoots();
        var output = new ArrayBufferWriter<byte>(PieceHashes.Length + 1024);
        var writer = new BencodeWriter(output);
        writer.WriteStartDictionary();
        WriteTrackers(writer);
        WriteText(writer, "comment"u8, Comment);
        WriteText(writer, "created by"u8, CreatedBy);
        if (CreationDate is { } date)
        {
            writer.WriteKey("creation date"u8);
            writer.WriteInteger(date.ToUnixTimeSeconds());
        }
        writer.WriteKey("info"u8);
        WriteInfo(writer, roots);
        if (Version != TorrentVersion.V1)
        {
            writer.WriteKey("piece layers"u8);
            PieceLayerWriter.Write(writer, FileLayers(roots));
        }

        WriteWebSeeds(writer);
        writer.WriteEndDictionary();
        return output.WrittenSpan.ToArray();
    }

    private void AddLength(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (IsSingleFile)
            throw new InvalidOperationException("The torrent is of one file.");
        // In a version 2 torrent, each non-empty file begins a piece.
        long begin = Version == TorrentVersion.V1 || length == 0 ? _end : (_end + PieceLength - 1) / PieceLength * PieceLength;
        if (length > (long)MetainfoLimits.Pieces * PieceLength - begin)
            throw new InvalidOperationException($"The files make more than {MetainfoLimits.Pieces} pieces; use longer pieces.");
        _end = begin + length;
        Length += length;
    }

    // The tiers are written only if one address is not enough.
    private void WriteTrackers(BencodeWriter writer)
    {
        int count = 0;
        foreach (IReadOnlyList<Uri> tier in Trackers)
        {
            foreach (Uri tracker in tier)
            {
                if (count++ == 0)
                    WriteText(writer, "announce"u8, tracker.OriginalString);
            }
        }
        if (count < 2)
            return;
        writer.WriteKey("announce-list"u8);
        writer.WriteStartList();
        foreach (IReadOnlyList<Uri> tier in Trackers)
        {
            if (tier.Count == 0)
                continue;
            writer.WriteStartList();
            foreach (Uri tracker in tier)
                writer.WriteString(tracker.OriginalString);
            writer.WriteEndList();
        }
        writer.WriteEndList();
    }

    private void WriteInfo(BencodeWriter writer, byte[][] roots)
    {
        writer.WriteStartDictionary();
        bool isHybrid = Version == TorrentVersion.Hybrid;
        if (isHybrid && IsSingleFile && _files[0].IsExecutable)
            WriteText(writer, "attr"u8, "x");
        if (Collections.Count > 0)
        {
            writer.WriteKey("collections"u8);
            writer.WriteStartList();
            foreach (string collection in Collections)
                writer.WriteString(collection);
            writer.WriteEndList();
        }
        if (Version != TorrentVersion.V1)
            WriteFileTree(writer, roots);
        if (Version == TorrentVersion.V2)
        {
            // the tree has it all
        }
        else if (IsSingleFile)
        {
            writer.WriteKey("length"u8);
            writer.WriteInteger(Length);
        }
        else
        {
            WriteFiles(writer, isHybrid);
        }
        if (Version != TorrentVersion.V1)
        {
            writer.WriteKey("meta version"u8);
            writer.WriteInteger(2);
        }
        WriteText(writer, "name"u8, Name);
        writer.WriteKey("piece length"u8);
        writer.WriteInteger(PieceLength);
        if (Version != TorrentVersion.V2)
        {
            writer.WriteKey("pieces"u8);
            writer.WriteString(PieceHashes.Span);
        }
        if (IsPrivate)
        {
            writer.WriteKey("private"u8);
            writer.WriteInteger(1);
        }
        if (Similar.Count > 0)
        {
            writer.WriteKey("similar"u8);
            writer.WriteStartList();
            foreach (InfoHash hash in Similar)
                writer.WriteString(hash.HasV1 ? hash.V1 : hash.V2);
            writer.WriteEndList();
        }
        WriteText(writer, "source"u8, Source);
        writer.WriteEndDictionary();
    }

    private void WriteFiles(BencodeWriter writer, bool isHybrid)
    {
        writer.WriteKey("files"u8);
        writer.WriteStartList();
        foreach (Entry file in _files)
        {
            WriteFile(writer, file.Path, file.Length, isHybrid && file.IsExecutable ? "x" : null);
            // After the last file, too, but not for a single file in a folder: the same as libtorrent since 2.0.8.
            if (isHybrid && _files.Count > 1 && PaddingAfter(file.Length) is > 0 and int padding)
                WriteFile(writer, string.Create(System.Globalization.CultureInfo.InvariantCulture, $".pad/{padding}"), padding, "p");
        }
        writer.WriteEndList();
    }

    private static void WriteFile(BencodeWriter writer, string path, long length, string? attributes)
    {
        writer.WriteStartDictionary();
        WriteText(writer, "attr"u8, attributes);
        writer.WriteKey("length"u8);
        writer.WriteInteger(length);
        writer.WriteKey("path"u8);
        writer.WriteStartList();
        foreach (string part in path.Split('/'))
            writer.WriteString(part);
        writer.WriteEndList();
        writer.WriteEndDictionary();
    }

    private void WriteWebSeeds(BencodeWriter writer)
    {
        if (WebSeeds.Count == 0)
            return;
        writer.WriteKey("url-list"u8);
        if (WebSeeds.Count == 1)
        {
            writer.WriteString(WebSeeds[0].OriginalString);
            return;
        }
        writer.WriteStartList();
        foreach (Uri seed in WebSeeds)
            writer.WriteString(seed.OriginalString);
        writer.WriteEndList();
    }

    private static void WriteText(BencodeWriter writer, ReadOnlySpan<byte> key, string? value)
    {
        if (string.IsNullOrEmpty(value))
            return;
        writer.WriteKey(key);
        writer.WriteString(value);
    }
}
