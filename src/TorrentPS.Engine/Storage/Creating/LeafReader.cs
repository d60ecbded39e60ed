using System.Buffers;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage.Creating;

/// <summary>Hashes the blocks of a piece on a disk thread: the leaves of its tree, and the tree over them (BEP 52).</summary>
internal sealed class LeafReader(IPieceStorage storage, PieceHashes hashes, DiskTally tally, int piece) : IDiskJob
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
            int length = hashes.Torrent.DataLengthOfPiece(piece);
            byte[] leaves = new byte[Merkle.BlockCount(length) * Merkle.HashLength];
            bool isWhole = true;
            for (int begin = 0, at = 0; begin < length && isWhole; begin += BufferLength)
            {
                Span<byte> part = buffer.AsSpan(0, Math.Min(BufferLength, length - begin));
                isWhole = storage.TryRead(piece, begin, part);
                at += isWhole ? Merkle.HashBlocks(part, leaves.AsSpan(at * Merkle.HashLength)) : 0;
            }

            tree = isWhole ? new HashTree(leaves, 0, hashes.Layers!.HeightOf(piece)) : null;
            if (tree is null)
                Doubt(); // a file is gone or cut
            else if (!HasRoot(tree))
                tree = null; // others have changed the data
        }
        catch (TorrentException e)
        {
            // The peer that asked is told that there are none; a file that cannot be read is found by the watch.
            if (DiskErrors.ConcernsOneFile(e))
                Doubt();
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

    /// <summary>Whether the root of the tree is the one that it must have, as far as that is known; when not, its file is verified soon.</summary>
    private bool HasRoot(HashTree tree)
    {
        if (!hashes.Layers!.TryGet(piece, out ReadOnlySpan<byte> known) || tree.Root.SequenceEqual(known))
            return true;
        Doubt();
        return false;
    }

    /// <summary>Has the file that the piece begins in verified soon.</summary>
    private void Doubt() => storage.Changes?.Doubt(hashes.Layers!.FileOf(piece));
}
