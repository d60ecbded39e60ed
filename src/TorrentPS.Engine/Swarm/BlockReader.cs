using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <summary>Reads blocks from the disk into a buffer, each behind the header of its piece message: what is then sent in one go.</summary>
internal sealed class BlockReader(DataStore store, DiskTally tally, IReadOnlyList<BlockRequest> blocks, byte[] buffer) : IDiskJob
{
    private readonly TaskCompletionSource _done = new(); // continues on the torrent's loop, which does not run on disk threads

    public Task ReadAsync(DiskQueue disk)
    {
        tally.Begin();
        disk.Enqueue(this);
        return _done.Task;
    }

    public void Run()
    {
        TorrentException? failure = null;
        try
        {
            int position = 0;
            foreach (BlockRequest block in blocks)
            {
                PeerMessage.WritePieceHeader(buffer.AsSpan(position), block);
                position += PeerMessage.PieceHeaderLength;
                if (!store.TryRead(block.Piece, block.Begin, buffer.AsSpan(position, block.Length)))
                    failure ??= new TorrentException(TorrentErrorId.DataMismatch, $"'{store.DataPath}' is shorter than it was. Check it with -Recheck.");
                position += block.Length;
            }
        }
        catch (TorrentException e)
        {
            failure = e;
        }
        catch (Exception e) // whatever it is, it must not end a disk thread, and the process with it
        {
            failure = new TorrentException(TorrentErrorId.Unexpected, e.Message, e);
        }

        tally.End();
        if (failure is null)
            _done.SetResult();
        else
            _done.SetException(failure);
    }
}
