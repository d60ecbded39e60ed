using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Version 2 torrents whose data is all zeros, which takes no space on disk: with pieces of the maximum length.</summary>
internal static class ZeroTorrent
{
    public static Torrent Make(int pieceLength, params (string Path, long Length)[] files)
    {
        List<byte> roots = [];
        foreach ((_, long length) in files)
        {
            int height = Merkle.HeightOfPiece(length, pieceLength);
            byte[] whole = Root(Math.Min(length, pieceLength), height);
            for (long begin = 0; begin < length; begin += pieceLength)
                roots.AddRange(length - begin >= pieceLength ? whole : Root(length - begin, height));
        }

        TorrentBuilder builder = new(files.Length == 1 ? files[0].Path : "T", pieceLength, TorrentVersion.V2) { PieceRoots = roots.ToArray() };
        if (files.Length == 1)
            builder.SetSingleFile(files[0].Length);
        foreach ((string path, long length) in files.Length == 1 ? [] : files)
            builder.AddFile(path, length);
        return Torrent.Parse(builder.Build());
    }

    private static byte[] Root(long length, int height)
    {
        byte[] block = new byte[Merkle.BlockLength];
        byte[] leaves = new byte[Merkle.BlockCount(length) * Merkle.HashLength];
        Merkle.HashBlocks(block, leaves);
        for (int at = Merkle.HashLength; at < leaves.Length; at += Merkle.HashLength)
            leaves.AsSpan(0, Merkle.HashLength).CopyTo(leaves.AsSpan(at));
        if (length % Merkle.BlockLength is > 0 and long rest)
            Merkle.HashBlocks(block.AsSpan(0, (int)rest), leaves.AsSpan(leaves.Length - Merkle.HashLength));
        return Merkle.Root(leaves, 0, height).ToArray();
    }
}
