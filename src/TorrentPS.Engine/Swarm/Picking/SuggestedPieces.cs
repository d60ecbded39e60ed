namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>The pieces suggested by a peer (BEP 6), the oldest first. A suggestion not used in time has been made to another peer by then, and is forgotten.</summary>
internal sealed class SuggestedPieces
{
    /// <summary>The validity of a suggestion in seconds: less than the peer waits before it suggests the piece to another.</summary>
    public const double ExpirySeconds = 2.5;

    /// <summary>The maximum number of suggestions kept.</summary>
    public const int Capacity = 16;

    private readonly Queue<(int Piece, double At)> _pieces = new();

    public int Count => _pieces.Count;

    /// <summary>Records a suggestion; if there are too many, the oldest is forgotten.</summary>
    public void Add(int piece, double now)
    {
        if (_pieces.Count == Capacity)
            _pieces.Dequeue();
        _pieces.Enqueue((piece, now));
    }

    /// <summary>Forgets expired suggestions.</summary>
    public void Expire(double now)
    {
        while (_pieces.TryPeek(out (int Piece, double At) oldest) && now - oldest.At >= ExpirySeconds)
            _pieces.Dequeue();
    }

    /// <summary>Takes the next suggestion; false if there is none.</summary>
    public bool TryTake(out int piece)
    {
        bool isAny = _pieces.TryDequeue(out (int Piece, double At) next);
        piece = isAny ? next.Piece : -1;
        return isAny;
    }
}
