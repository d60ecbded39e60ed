namespace TorrentPS.Engine.Swarm;

/// <summary>
/// What a peer may send that moves no data: keep-alives, messages that are not known, and states that change to and fro. Real clients need a
/// few of them a second. Each costs about as many points as it makes work here and at other peers; one that spends more than it gets floods us.
/// </summary>
internal sealed class MessageBudget
{
    /// <summary>For a message that is looked at and forgotten.</summary>
    public const int Idle = 1;

    /// <summary>For interest that is said or taken back: who is sent to is chosen anew.</summary>
    public const int Interest = 4;

    /// <summary>For a choke or an unchoke: all that was asked for is given to others, or asked for.</summary>
    public const int Choke = 20;

    /// <summary>For an extension handshake, of which one is enough (BEP 10 allows more).</summary>
    public const int Handshake = 50;

    /// <summary>Points at the start, and at most.</summary>
    public const int Burst = 4000;

    private const double PerSecond = 100;

    private const int AllPieces = 400;
    private const int PiecesAPoint = 1000;

    private double _left = Burst;
    private double _countedAt;

    /// <summary>For telling all that one has: each piece is counted anew. BEP 3 wants it once, as the first message.</summary>
    /// <param name="pieces">The pieces of the torrent.</param>
    public static int ForAll(int pieces) => Math.Min(AllPieces + pieces / PiecesAPoint, Burst / 2);

    /// <summary>Takes the price of a message; false when there is not so much left.</summary>
    /// <param name="points">The price.</param>
    /// <param name="now">Seconds of the torrent's clock.</param>
    public bool TrySpend(int points, double now)
    {
        Earn((now - _countedAt) * PerSecond);
        _countedAt = now;
        _left -= points;
        return _left >= 0;
    }

    /// <summary>Gives points for data that was sent on the peer's request, which it may have cancelled meanwhile.</summary>
    public void Earn(double points) => _left = Math.Min(Burst, _left + points);
}
