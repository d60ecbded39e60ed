using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>The pieces that a media player needs first: the beginning of a file, and its end, where many formats keep their index.</summary>
internal static class HeadsAndTails
{
    private const long Longest = 1 << 20;
    private const int PartOfFile = 100;

    /// <summary>The first and last pieces of each wanted file: one each or, for long files with short pieces, a hundredth of the file, at most 1 MiB.</summary>
    /// <param name="torrent">The torrent.</param>
    /// <param name="wantedFiles">Which files are wanted, one value per file.</param>
    public static Bitfield Of(Torrent torrent, bool[] wantedFiles)
    {
        Bitfield pieces = new(torrent.PieceCount);
        foreach (TorrentFile file in torrent.Files)
        {
            if (file.Length == 0 || file.IsPadding || !wantedFiles[file.Index])
                continue;
            long length = Math.Clamp(file.Length / PartOfFile, 1, Longest);
            Add(pieces, torrent, file.Offset, length);
            Add(pieces, torrent, file.Offset + file.Length - length, length);
        }

        return pieces;
    }

    private static void Add(Bitfield pieces, Torrent torrent, long offset, long length)
    {
        for (long piece = offset / torrent.PieceLength; piece <= (offset + length - 1) / torrent.PieceLength; piece++)
            pieces.Add((int)piece);
    }
}
