using System.Buffers;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.WebSeeds;

/// <summary>Assembles the bytes of a lane into blocks, and passes on each when it is complete.</summary>
internal sealed class WebSeedBlocks(WebSeedPool pool, IWebSeedSwarm swarm, PeerState state)
{
    private const int BufferLength = 256 * 1024;

    private byte[] _buffer = [];
    private long _position; // in the torrent's data, of the first byte of the buffer
    private int _used;

    /// <summary>The offset of the next byte in the torrent's data.</summary>
    public long End => _position + _used;

    /// <summary>Whether it waits for memory, so that the server must wait, too.</summary>
    public bool IsHeldBack { get; private set; }

    /// <summary>Sets the offset of the next byte.</summary>
    public void Seek(long position) => (_position, _used) = (position, 0);

    /// <summary>The buffer for the next bytes.</summary>
    public Memory<byte> Free(long atMost)
    {
        if (_buffer.Length == 0)
            _buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        return _buffer.AsMemory(_used, (int)Math.Min(_buffer.Length - _used, atMost));
    }

    /// <summary>Returns the buffer to the pool.</summary>
    public void Return()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    /// <summary>Padding (BEP 47) is zeros, which are not requested.</summary>
    public async Task PadAsync(long length, CancellationToken cancellationToken)
    {
        while (length > 0)
        {
            Memory<byte> free = Free(length);
            free.Span.Clear();
            length -= free.Length;
            await DeliverAsync(free.Length, cancellationToken);
        }
    }

    /// <summary>Processes bytes written to the buffer, and passes on complete blocks.</summary>
    public async Task DeliverAsync(int count, CancellationToken cancellationToken)
    {
        _used += count;
        Torrent torrent = swarm.Torrent;
        int given = 0;
        while (_used > given)
        {
            int piece = (int)(_position / torrent.PieceLength);
            int begin = (int)(_position - (long)piece * torrent.PieceLength);
            int rest = torrent.DataLengthOfPiece(piece) - begin;
            if (rest <= 0)
            {
                // Padding (BEP 47), which is not stored.
                int padding = Math.Min(_used - given, torrent.PieceLength - begin);
                given += padding;
                _position += padding;
                continue;
            }

            int skewed = begin % BlockRequest.BlockLength; // only if a whole file begins inside a block
            int length = Math.Min(rest, BlockRequest.BlockLength - skewed);
            if (_used - given < length)
                break;
            if (skewed > 0)
                swarm.Wasted(length);
            else
                await GiveAsync(piece, begin / BlockRequest.BlockLength, _buffer.AsMemory(given, length), cancellationToken);
            given += length;
            _position += length;
        }

        _buffer.AsSpan(given, _used - given).CopyTo(_buffer);
        _used -= given;
    }

    private async ValueTask GiveAsync(int piece, int block, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        int index = state.Outstanding.IndexOf(piece, block);
        Outstanding item = default;
        if (index >= 0)
        {
            item = state.Outstanding[index];
            state.Outstanding.RemoveAt(index);
        }

        if (index < 0 && !swarm.Picker.Runs.TryTakeUnasked(piece, block, state, out item))
        {
            swarm.Wasted(data.Length);
            return;
        }

        while (!item.Piece.IsClosed && !item.Piece.IsReceived(block))
        {
            if (swarm.Picker.TryReserveFor(item.Piece, block))
            {
                data.Span.CopyTo(item.Piece.Place(block, swarm.Pool));
                swarm.BlockReceived(state, item);
                return;
            }

            // The disk is behind: the server waits meanwhile.
            swarm.LackMemory();
            IsHeldBack = true;
            try
            {
                await pool.NextPulse.WaitAsync(cancellationToken);
            }
            finally
            {
                IsHeldBack = false;
            }
        }

        swarm.Wasted(data.Length);
    }
}
