#pragma warning disable CA5350 // BEP 3 knows only SHA-1.
using System.Security.Cryptography;
using System.Text;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Creating;

namespace TorrentPS.Interop.Tests.Harness;

/// <summary>
/// A .torrent of a payload, written here byte by byte, so that a mistake in the engine's encoder cannot hide one in its parser.
/// </summary>
internal sealed class TestTorrent
{
    private readonly byte[][] _pieceHashes;

    private TestTorrent(Payload payload, int pieceLength, byte[][] pieceHashes, string path, byte[] infoHash) =>
        (Payload, PieceLength, _pieceHashes, Path, InfoHash) = (payload, pieceLength, pieceHashes, path, Convert.ToHexStringLower(infoHash));

    public Payload Payload { get; }

    public int PieceLength { get; }

    public int PieceCount => _pieceHashes.Length;

    /// <summary>The path of the .torrent.</summary>
    public string Path { get; }

    /// <summary>The info hash in hexadecimal digits.</summary>
    public string InfoHash { get; }

    /// <summary>The torrent as read by the engine.</summary>
    public TorrentInfo Info
    {
        get => field ??= new TorrentInfo(Torrent.Parse(File.ReadAllBytes(Path)), Path);
        private init;
    }

    /// <param name="payload">Its data.</param>
    /// <param name="folder">The folder of the .torrent.</param>
    /// <param name="pieceLength">The piece length in bytes.</param>
    /// <param name="trackers">Announce addresses, each in a separate tier.</param>
    public static TestTorrent Create(Payload payload, string folder, int pieceLength = 64 << 10, params string[] trackers) =>
        Create(payload, folder, pieceLength, isPrivate: false, trackers);

    /// <summary>A private torrent (BEP 27), for programs without options to disable the other sources of peers.</summary>
    public static TestTorrent CreatePrivate(Payload payload, string folder, params string[] trackers) =>
        Create(payload, folder, 64 << 10, isPrivate: true, trackers);

    private static TestTorrent Create(Payload payload, string folder, int pieceLength, bool isPrivate, string[] trackers)
    {
        byte[][] hashes = HashPieces(payload, pieceLength);
        using MemoryStream info = new();
        WriteInfo(info, payload, pieceLength, hashes, isPrivate);
        using MemoryStream all = new();
        Text(all, "d");
        if (trackers.Length > 0)
        {
            Text(all, $"8:announce{String(trackers[0])}");
            Text(all, $"13:announce-listl{string.Concat(trackers.Select(tracker => $"l{String(tracker)}e"))}e");
        }

        Text(all, "4:info");
        info.WriteTo(all);
        Text(all, "e");
        string path = System.IO.Path.Combine(folder, $"{Guid.NewGuid():n}.torrent");
        File.WriteAllBytes(path, all.ToArray());
        return new TestTorrent(payload, pieceLength, hashes, path, SHA1.HashData(info.ToArray()));
    }

    /// <summary>
    /// A version 2 or hybrid torrent (BEP 52) of data on disk, created by the engine; <c>CreateTests</c> show that libtorrent creates the same info dictionary.
    /// </summary>
    /// <param name="payload">Its data.</param>
    /// <param name="source">The folder of the data.</param>
    /// <param name="folder">The folder of the .torrent.</param>
    /// <param name="options">Its version and other properties.</param>
    public static async Task<TestTorrent> MakeAsync(Payload payload, string source, string folder, TorrentCreatorOptions options)
    {
        string path = System.IO.Path.Combine(folder, $"{Guid.NewGuid():n}.torrent");
        byte[] bytes = await TorrentCreator.CreateAsync(System.IO.Path.Combine(source, payload.Name), options, null, TestContext.Current.CancellationToken);
        TorrentCreator.Write(path, bytes, overwrite: true);
        return Read(payload, path);
    }

    /// <summary>A .torrent of another program, parsed by the engine.</summary>
    public static TestTorrent Read(Payload payload, string path)
    {
        TorrentInfo info = new(Torrent.Parse(File.ReadAllBytes(path)), path);
        byte[][] hashes = info.Torrent.Version == TorrentVersion.V2 ? [] : [.. Enumerable.Range(0, info.Torrent.PieceCount).Select(piece => info.Torrent.PieceHash(piece).ToArray())];
        return new TestTorrent(payload, info.Torrent.PieceLength, hashes, path, Convert.FromHexString(info.InfoHash)) { Info = info };
    }

    /// <summary>The right pieces of the data in a folder, read from disk.</summary>
    public bool[] VerifyIn(string folder)
    {
        bool[] right = new bool[PieceCount];
        VerifyIn(folder, right);
        return right;
    }

    /// <summary>Verifies the pieces not known to be right.</summary>
    public void VerifyIn(string folder, bool[] right)
    {
        byte[] data = new byte[Payload.Length];
        int at = 0;
        foreach ((string path, int length) in Payload.Files)
        {
            string file = System.IO.Path.Combine(folder, path);
            if (File.Exists(file))
            {
                using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                stream.ReadAtLeast(data.AsSpan(at, length), length, throwOnEndOfStream: false);
            }

            at += length;
        }

        for (int piece = 0; piece < PieceCount; piece++)
        {
            int start = piece * PieceLength;
            right[piece] = right[piece] || SHA1.HashData(data.AsSpan(start, Math.Min(PieceLength, data.Length - start))).AsSpan().SequenceEqual(_pieceHashes[piece]);
        }
    }

    private static byte[][] HashPieces(Payload payload, int pieceLength)
    {
        byte[] data = new byte[payload.Length];
        for (int file = 0, at = 0; file < payload.Files.Count; at += payload.Files[file++].Length)
            payload.Bytes(file).CopyTo(data, at);
        byte[][] hashes = new byte[(data.Length + pieceLength - 1) / pieceLength][];
        for (int piece = 0; piece < hashes.Length; piece++)
            hashes[piece] = SHA1.HashData(data.AsSpan(piece * pieceLength, Math.Min(pieceLength, data.Length - piece * pieceLength)));
        return hashes;
    }

    // Keys in byte order, as BEP 3 requires.
    private static void WriteInfo(MemoryStream info, Payload payload, int pieceLength, byte[][] hashes, bool isPrivate)
    {
        Text(info, "d");
        if (payload.IsFolder)
        {
            Text(info, "5:filesl");
            foreach ((string path, int length) in payload.Files)
                Text(info, $"d6:lengthi{length}e4:pathl{string.Concat(path.Split('/')[1..].Select(String))}ee");
            Text(info, "e");
        }
        else
        {
            Text(info, $"6:lengthi{payload.Length}e");
        }

        Text(info, $"4:name{String(payload.Name)}12:piece lengthi{pieceLength}e6:pieces{hashes.Length * SHA1.HashSizeInBytes}:");
        foreach (byte[] hash in hashes)
            info.Write(hash);
        Text(info, isPrivate ? "7:privatei1ee" : "e");
    }

    private static string String(string text) => $"{Encoding.UTF8.GetByteCount(text)}:{text}";

    private static void Text(MemoryStream stream, string text) => stream.Write(Encoding.UTF8.GetBytes(text));
}
