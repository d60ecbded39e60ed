using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>A torrent with its content.</summary>
[SuppressMessage("Security", "CA5350", Justification = "BEP 3 has SHA-1.")]
internal sealed class Sample
{
    private Sample(Torrent torrent, byte[] content) => (Torrent, Content) = (torrent, content);

    public Torrent Torrent { get; }

    public byte[] Content { get; }

    public bool[] All
    {
        get
        {
            bool[] all = new bool[Torrent.Files.Count];
            Array.Fill(all, true);
            return all;
        }
    }

    /// <summary>Creates a sample: a path that ends with "pad" is a padding file; one path makes a single file, several a folder "T".</summary>
    public static Sample Make(int pieceLength, int seed, params (string Path, int Length)[] files)
    {
        List<TorrentFile> entries = [];
        long offset = 0;
        foreach ((string path, int length) in files)
        {
            string full = files.Length == 1 ? path : "T/" + path;
            entries.Add(new TorrentFile(full, length, entries.Count, offset) { IsPadding = path.EndsWith("pad", StringComparison.Ordinal) });
            offset += length;
        }

        byte[] content = new byte[offset];
        new Random(seed).NextBytes(content);
        foreach (TorrentFile file in entries.Where(file => file.IsPadding))
            content.AsSpan((int)file.Offset, (int)file.Length).Clear();
        int count = (int)((offset + pieceLength - 1) / pieceLength);
        byte[] hashes = new byte[count * 20];
        for (int i = 0; i < count; i++)
            SHA1.HashData(content.AsSpan(i * pieceLength, (int)Math.Min(pieceLength, offset - (long)i * pieceLength)), hashes.AsSpan(i * 20));
        Torrent torrent = new()
        {
            Name = files.Length == 1 ? files[0].Path : "T",
            InfoHash = InfoHash.Create(SHA1.HashData([.. hashes, .. BitConverter.GetBytes(pieceLength), .. BitConverter.GetBytes(seed)])),
            Version = TorrentVersion.V1,
            PieceLength = pieceLength,
            Length = offset,
            PieceCount = count,
            Files = entries,
            IsSingleFile = files.Length == 1,
            InfoBytes = ReadOnlyMemory<byte>.Empty,
            PieceHashes = hashes,
        };
        return new Sample(torrent, content);
    }

    /// <summary>Creates a sample with a real info dictionary, which peers can request.</summary>
    public static Sample Build(int pieceLength, int seed, Action<TorrentBuilder>? change, params (string Path, int Length)[] files)
    {
        Sample made = Make(pieceLength, seed, files);
        TorrentBuilder builder = new(made.Torrent.Name, pieceLength) { PieceHashes = made.Torrent.PieceHashes };
        if (files.Length == 1)
            builder.SetSingleFile(files[0].Length);
        foreach ((string path, int length) in files.Length == 1 ? [] : files)
            builder.AddFile(path, length);
        change?.Invoke(builder);
        return new Sample(Torrent.Parse(builder.Build()), made.Content);
    }

    /// <summary>Creates another version of a sample with a real info dictionary, with one byte changed at each given position.</summary>
    public Sample Change(Action<TorrentBuilder>? change, params int[] places)
    {
        byte[] content = [.. Content];
        foreach (int place in places)
            content[place] ^= 1;
        byte[] hashes = new byte[Torrent.PieceCount * 20];
        for (int i = 0; i < Torrent.PieceCount; i++)
            SHA1.HashData(content.AsSpan(i * Torrent.PieceLength, Torrent.LengthOfPiece(i)), hashes.AsSpan(i * 20));
        TorrentBuilder builder = new(Torrent.Name, Torrent.PieceLength) { PieceHashes = hashes };
        foreach (TorrentFile file in Torrent.Files)
            builder.AddFile(file.Path[(Torrent.Name.Length + 1)..], file.Length);
        change?.Invoke(builder);
        return new Sample(Torrent.Parse(builder.Build()), content);
    }

    /// <summary>Creates a version 2 or hybrid sample (BEP 52), in the order of the tree; the bytes between its files are zero.</summary>
    public static Sample BuildV2(TorrentVersion version, int pieceLength, int seed, params (string Path, int Length)[] files)
    {
        var random = new Random(seed);
        List<byte[]> contents = [.. files.Select(file => new byte[file.Length])];
        List<byte> roots = [];
        using MemoryStream space = new();
        for (int i = 0; i < files.Length; i++)
        {
            random.NextBytes(contents[i]);
            for (int begin = 0; begin < contents[i].Length; begin += pieceLength)
            {
                ReadOnlySpan<byte> piece = contents[i].AsSpan(begin, Math.Min(pieceLength, contents[i].Length - begin));
                byte[] leaves = new byte[Merkle.BlockCount(piece.Length) * Merkle.HashLength];
                Merkle.HashBlocks(piece, leaves);
                roots.AddRange(Merkle.Root(leaves, 0, Merkle.HeightOfPiece(contents[i].Length, pieceLength)));
            }

            space.Write(contents[i]);
            if (files.Length > 1)
                space.Write(new byte[(pieceLength - (int)(space.Length % pieceLength)) % pieceLength]);
        }

        byte[] content = space.ToArray();
        byte[] hashes = version == TorrentVersion.V2 ? [] : [.. content.Chunk(pieceLength).SelectMany(SHA1.HashData)];
        TorrentBuilder builder = new(files.Length == 1 ? files[0].Path : "T", pieceLength, version) { PieceHashes = hashes, PieceRoots = roots.ToArray() };
        if (files.Length == 1)
            builder.SetSingleFile(files[0].Length);
        foreach ((string path, int length) in files.Length == 1 ? [] : files)
            builder.AddFile(path, length);
        return new Sample(Torrent.Parse(builder.Build()), content);
    }

    /// <summary>A torrent whose data is all zeros.</summary>
    public static Sample Of(Torrent torrent) => new(torrent, new byte[torrent.Length]);

    /// <summary>The same without the values outside the info dictionary, as from a magnet link.</summary>
    public Torrent InfoOnly() => Torrent.ParseInfo(Torrent.InfoBytes);

    public bool[] Only(params int[] files)
    {
        bool[] wanted = new bool[Torrent.Files.Count];
        foreach (int file in files)
            wanted[file] = true;
        return wanted;
    }

    public ReadOnlyMemory<byte> Piece(int piece) =>
        Content.AsMemory(piece * Torrent.PieceLength, Torrent.LengthOfPiece(piece));

    public ReadOnlySpan<byte> File(int file) =>
        Content.AsSpan((int)Torrent.Files[file].Offset, (int)Torrent.Files[file].Length);

    public void WriteAll(DataStore store)
    {
        for (int piece = 0; piece < Torrent.PieceCount; piece++)
        {
            if (store.WantedPieces[piece])
                store.Write(piece, 0, [Piece(piece)]);
        }
    }

    /// <summary>Writes files to disk, as another program would.</summary>
    public void Lay(string destination, params int[] files)
    {
        foreach (int file in files)
        {
            string path = Path.Join(destination, Torrent.Files[file].Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            System.IO.File.WriteAllBytes(path, File(file).ToArray());
        }
    }
}
