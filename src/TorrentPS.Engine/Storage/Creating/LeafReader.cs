using System.Buffers;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage.Creating;

/// <summary>Hashes the blocks of a piece on a disk thread: the leaves of its tree, and the tree above them (BEP 52).</summary>
internal sealed class LeafReader(IPieceStorage storage, PieceHashes hashes, DiskTally tally, int piece) : IDiskJob
{
    private const int BufferLength = 256 * 1024;

    private readonly TaskCompletionSource<HashTree?> _done = new(); // continues on the torrent's loop, never on a disk thread

    /// <summary>Reads the piece.</summary>
    /// <returns>The tree from the leaves up to the piece's root; null if the piece cannot be read or has changed.</returns>
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
                Doubt(); // a file is missing or too short
            else if (!HasRoot(tree))
                tree = null; // another program has changed the data
        }
        catch (TorrentException e)
        {
            // The peer's request is rejected; the watch will find an unreadable file.
            if (DiskErrors.ConcernsOneFile(e))
                Doubt();
        }
        catch (Exception e) // any exception here would end the disk thread, and with it the process
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

    /// <summary>Whether the root of the tree is right, as far as it is known; if not, the file is verified soon.</summary>
    private bool HasRoot(HashTree tree)
    {
        if (!hashes.Layers!.TryGet(piece, out ReadOnlySpan<byte> known) || tree.Root.SequenceEqual(known))
            return true;
        Doubt();
        return false;
    }

    /// <summary>Queues the file in which the piece begins for verification.</summary>
    private void Doubt() => storage.Changes?.Doubt(hashes.Layers!.FileOf(piece));
}
