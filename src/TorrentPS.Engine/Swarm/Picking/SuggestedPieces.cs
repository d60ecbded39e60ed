namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>The pieces that a peer suggests (BEP 6), the first first. What was not taken up in time is another's by then, and is forgotten.</summary>
internal sealed class SuggestedPieces
{
    /// <summary>Seconds that a suggestion holds: less than the peer waits before it suggests the piece to another.</summary>
    public const double ExpirySeconds = 2.5;

    /// <summary>Suggestions that are kept.</summary>
    public const int Capacity = 16;

    private readonly Queue<(int Piece, double At)> _pieces = new();

    public int Count => _pieces.Count;

    /// <summary>Notes a suggestion; with too many the oldest is forgotten.</summary>
    public void Add(int piece, double now)
    {
        if (_pieces.Count == Capacity)
            _pieces.Dequeue();
        _pieces.Enqueue((piece, now));
    }

    /// <summary>Forgets those that are too old.</summary>
    public void Expire(double now)
    {
        while (_pieces.TryPeek(out (int Piece, double At) oldest) && now - oldest.At >= ExpirySeconds)
            _pieces.Dequeue();
    }

    /// <summary>Takes the next suggestion; false when there is none.</summary>
    public bool TryTake(out int piece)
    {
        bool isAny = _pieces.TryDequeue(out (int Piece, double At) next);
        piece = isAny ? next.Piece : -1;
        return isAny;
    }
}
