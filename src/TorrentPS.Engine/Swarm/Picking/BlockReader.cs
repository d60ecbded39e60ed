using System.Threading.Tasks.Sources;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// Reads blocks from the disk into a buffer, each after the header of its piece message, to be sent together. One reader does one read after another, and reuses its
/// objects.
/// </summary>
internal sealed class BlockReader(PieceDisk disk) : IDiskJob, IValueTaskSource
{
    private readonly List<BlockRequest> _blocks = [];
    private byte[] _buffer = [];
    private ManualResetValueTaskSourceCore<bool> _done; // continues on the torrent's loop, never on a disk thread

    /// <summary>The blocks to read next; must not be changed during a read.</summary>
    public List<BlockRequest> Blocks => _blocks;

    /// <summary>After a failure: the piece with missing or unreadable bytes.</summary>
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
        catch (Exception e) // any exception here would end the disk thread, and with it the process
        {
            failure = e; // not an error of the disk, but a fault of this program, which the peer's request triggered
        }

        _buffer = [];
        disk.Jobs.End();
        if (failure is null) // after this line, the next read may start
            _done.SetResult(true);
        else
            _done.SetException(failure);
    }

    void IValueTaskSource.GetResult(short token) => _done.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _done.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _done.OnCompleted(continuation, state, token, flags);
}
