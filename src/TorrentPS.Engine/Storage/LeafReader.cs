using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>Hashes the blocks of a piece on a disk thread: the leaves of its tree, which nobody keeps (BEP 52).</summary>
internal sealed class LeafReader(DataStore store, DiskTally tally, int piece) : IDiskJob
{
    private readonly TaskCompletionSource<byte[]?> _done = new(); // continues on the torrent's loop, which does not run on disk threads

    /// <summary>Reads the piece.</summary>
    /// <returns>The leaves in a row; null when the piece cannot be read.</returns>
    public Task<byte[]?> ReadAsync(DiskQueue disk)
    {
        tally.Begin();
        disk.Enqueue(this);
        return _done.Task;
    }

    public void Run()
    {
        byte[]? leaves = null;
        try
        {
            int length = store.Torrent.DataLengthOfPiece(piece);
            byte[] found = new byte[Merkle.BlockCount(length) * Merkle.HashLength];
            byte[] buffer = new byte[Math.Min(length, 256 * 1024)];
            bool isWhole = true;
            for (int begin = 0, at = 0; begin < length && isWhole; begin += buffer.Length)
            {
                Span<byte> part = buffer.AsSpan(0, Math.Min(buffer.Length, length - begin));
                isWhole = store.TryRead(piece, begin, part);
                at += isWhole ? Merkle.HashBlocks(part, found.AsSpan(at * Merkle.HashLength)) : 0;
            }

            leaves = isWhole ? found : null;
        }
        catch (TorrentException)
        {
            // whoever asked is told that there are none
        }

        tally.End();
        _done.SetResult(leaves);
    }
}
