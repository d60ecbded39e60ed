using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.WebSeeds;

/// <content>From bytes to blocks.</content>
internal sealed partial class WebSeedLane
{
    private async Task DeliverAsync(CancellationToken cancellationToken)
    {
        Torrent torrent = _swarm.Torrent;
        int given = 0;
        while (_used > given)
        {
            int piece = (int)(_position / torrent.PieceLength);
            int begin = (int)(_position - (long)piece * torrent.PieceLength);
            int rest = torrent.DataLengthOfPiece(piece) - begin;
            if (rest <= 0)
            {
                // Padding (BEP 47), of which nothing is kept.
                int padding = Math.Min(_used - given, torrent.PieceLength - begin);
                given += padding;
                _position += padding;
                continue;
            }

            int skewed = begin % BlockRequest.BlockLength; // only where a whole file begins within a block
            int length = Math.Min(rest, BlockRequest.BlockLength - skewed);
            if (_used - given < length)
                break;
            if (skewed > 0)
                _swarm.Wasted(length);
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
        int index = State.Outstanding.IndexOf(piece, block);
        Outstanding item = default;
        if (index >= 0)
        {
            item = State.Outstanding[index];
            State.Outstanding.RemoveAt(index);
        }

        if (index < 0 && !_swarm.Picker.TryTakeUnasked(piece, block, State, out item))
        {
            _swarm.Wasted(data.Length);
            return;
        }

        while (!item.Piece.IsClosed && !item.Piece.IsReceived(block))
        {
            if (_swarm.Picker.TryReserveFor(item.Piece, block))
            {
                data.Span.CopyTo(item.Piece.Place(block, _swarm.Pool));
                _swarm.BlockReceived(State, item);
                return;
            }

            // The disk is behind: the server waits meanwhile.
            _swarm.LackMemory();
            _isHeldBack = true;
            await _pool.NextPulse.WaitAsync(cancellationToken);
            _isHeldBack = false;
        }

        _swarm.Wasted(data.Length);
    }
}
