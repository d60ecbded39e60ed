using System.Threading.Tasks.Sources;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// Reads blocks from the disk into a buffer, each behind the header of its piece message: what is then sent in one go. One reader does one read
/// after another, and what it needs for that is made once.
/// </summary>
internal sealed class BlockReader(PieceDisk disk) : IDiskJob, IValueTaskSource
{
    private readonly List<BlockRequest> _blocks = [];
    private byte[] _buffer = [];
    private ManualResetValueTaskSourceCore<bool> _done; // continues on the torrent's loop, which does not run on disk threads

    /// <summary>What to read next; to be changed only while nothing is read.</summary>
    public List<BlockRequest> Blocks => _blocks;

    /// <summary>After a failure: the piece of which bytes were not there, or could not be read.</summary>
    public int CutShort { get; private set; }

    public ValueTask ReadAsync(byte[] buffer)
    {
        _buffer = buffer;
        _done.Reset();
        disk.Jobs.Begin();
        disk.Queue.Enqueue(this);
        return new ValueTask(this, _done.Version);
    }

    public void Run()
    {
        Exception? failure = null;
        try
        {
            int position = 0;
            foreach (BlockRequest block in _blocks)
            {
                CutShort = block.Piece;
                PeerMessage.WritePieceHeader(_buffer.AsSpan(position), block);
                position += PeerMessage.PieceHeaderLength;
                if (!disk.Storage.TryRead(block.Piece, block.Begin, _buffer.AsSpan(position, block.Length)))
                {
                    failure = new TorrentException(TorrentErrorId.DataMismatch, $"'{disk.Storage.DataPath}' is shorter than it was. Check it with -Recheck.");
                    break;
                }

                position += block.Length;
            }
        }
        catch (Exception e) // whatever it is, it must not end a disk thread, and the process with it
        {
            failure = e; // what is no failure of the disk is one of this program with the peer that has asked
        }

        _buffer = [];
        disk.Jobs.End();
        if (failure is null) // and from here on it may be reading again
            _done.SetResult(true);
        else
            _done.SetException(failure);
    }

    void IValueTaskSource.GetResult(short token) => _done.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _done.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _done.OnCompleted(continuation, state, token, flags);
}
