namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The pieces that a peer got blocks of last: what it may have found wrong when it leaves, or asks for them again.</summary>
internal sealed class ServedPieces
{
    /// <summary>Pieces that are remembered.</summary>
    public const int Capacity = 16;

    private readonly (int Piece, int Bytes)[] _served = new (int, int)[Capacity]; // the last begun first
    private int _count;
    private bool _isSampled = true;

    /// <summary>Notes what was sent.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="bytes">How many bytes of it.</param>
    /// <param name="most">The length of the piece.</param>
    /// <returns>Whether the peer has had more of the piece than there is: it asked for it again.</returns>
    public bool Add(int piece, int bytes, int most)
    {
        _isSampled = false;
        for (int i = 0; i < _count; i++)
        {
            if (_served[i].Piece != piece)
                continue;
            _served[i].Bytes += bytes;
            if (_served[i].Bytes <= most)
                return false;
            _served[i].Bytes = bytes;
            return true;
        }

        _count = Math.Min(_count + 1, Capacity);
        Array.Copy(_served, 0, _served, 1, _count - 1);
        _served[0] = (piece, bytes);
        return false;
    }

    /// <summary>The pieces: first those of which most was sent, since a peer finds a piece wrong when it has all of it; of several the last begun.</summary>
    public IEnumerable<int> Pieces() => _served.Take(_count).OrderByDescending(one => one.Bytes).Select(one => one.Piece);

    /// <summary>One of the pieces by chance; false when nothing was sent since this was last asked.</summary>
    public bool TryTakeSample(out int piece)
    {
        piece = _isSampled ? -1 : _served[Random.Shared.Next(_count)].Piece;
        _isSampled = true;
        return piece >= 0;
    }
}
