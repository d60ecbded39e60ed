using System.Buffers;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage.Creating;

/// <summary>Hashes the blocks of a piece on a disk thread: the leaves of its tree, and the tree over them (BEP 52).</summary>
internal sealed class LeafReader(DataStore store, DiskTally tally, int piece) : IDiskJob
{
    private const int BufferLength = 256 * 1024;

    private readonly TaskCompletionSource<HashTree?> _done = new(); // continues on the torrent's loop, which does not run on disk threads

    /// <summary>Reads the piece.</summary>
    /// <returns>The tree from the leaves up to the piece's root; null when the piece cannot be read, or is not what it was.</returns>
    public Task<HashTree?> ReadAsync(DiskQueue disk)
    {
        tally.Begin();
        disk.Enqueue(this);
        return _done.Task;
    }

    public void Run()
    {
        HashTree? tree = null;
        Exception? fault = null;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            int length = store.Torrent.DataLengthOfPiece(piece);
            byte[] leaves = new byte[Merkle.BlockCount(length) * Merkle.HashLength];
            bool isWhole = true;
            for (int begin = 0, at = 0; begin < length && isWhole; begin += BufferLength)
            {
                Span<byte> part = buffer.AsSpan(0, Math.Min(BufferLength, length - begin));
                isWhole = store.TryRead(piece, begin, part);
                at += isWhole ? Merkle.HashBlocks(part, leaves.AsSpan(at * Merkle.HashLength)) : 0;
            }

            tree = isWhole ? new HashTree(leaves, 0, store.Layers!.HeightOf(piece)) : null;
            if (tree is null)
                store.DoubtAt(piece); // a file is gone or cut
            else if (!store.HasRoot(piece, tree))
                tree = null; // others have changed the data
        }
        catch (TorrentException e)
        {
            // The peer that asked is told that there are none; a file that cannot be read is found by the watch.
            if (DiskErrors.ConcernsOneFile(e))
                store.DoubtAt(piece);
        }
        catch (Exception e) // whatever it is, it must not end a disk thread, and the process with it
        {
            fault = e;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        tally.End();
        if (fault is null)
            _done.SetResult(tree);
        else
            _done.SetException(fault);
    }
}
