namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The pieces last sent to a peer: candidates for being wrong when it disconnects or requests them again.</summary>
internal sealed class ServedPieces
{
    /// <summary>The number of pieces remembered.</summary>
    public const int Capacity = 16;

    private readonly (int Piece, int Bytes)[] _served = new (int, int)[Capacity]; // the most recent first
    private int _count;
    private bool _isSampled = true;

    /// <summary>Records sent bytes.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="bytes">The number of bytes.</param>
    /// <param name="most">The length of the piece.</param>
    /// <returns>Whether the peer has received more of the piece than its length: it requested it again.</returns>
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

    /// <summary>The pieces: those with the most bytes sent first, because a peer verifies a piece when it has all of it; of several the most recent.</summary>
    public IEnumerable<int> Pieces() => _served.Take(_count).OrderByDescending(one => one.Bytes).Select(one => one.Piece);

    /// <summary>A random piece; false if nothing was sent since the last call.</summary>
    public bool TryTakeSample(out int piece)
    {
        piece = _isSampled ? -1 : _served[Random.Shared.Next(_count)].Piece;
        _isSampled = true;
        return piece >= 0;
    }
}
