namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>
/// The budget for messages that move no data: keep-alives, unknown messages, and repeated state changes. Real clients need a few per second. Every message of any kind is
/// charged when it arrives, so that none is forgotten; one that moves data earns the charge back. Messages that cause more work, here and at other peers, cost extra. A
/// peer that exceeds the budget is flooding us.
/// </summary>
internal sealed class MessageBudget
{
    /// <summary>The price of any message.</summary>
    public const int Idle = 1;

    /// <summary>The extra price of a change of interest, after which peers to unchoke are chosen anew.</summary>
    public const int Interest = 3;

    /// <summary>The extra price of a withdrawn piece, of which it may owe blocks.</summary>
    public const int LostPiece = 3;

    /// <summary>The extra price of a choke or an unchoke, after which requests are moved to other peers, or sent.</summary>
    public const int Choke = 19;

    /// <summary>The extra price of an extension handshake, of which one is enough (BEP 10 allows more).</summary>
    public const int Handshake = 49;

    /// <summary>The initial and maximum number of points.</summary>
    public const int Burst = 4000;

    /// <summary>A message costs an extra point per this many bytes: no real one is as long, except bitfields.</summary>
    private const int LongMessage = 32 * 1024;

    private const double PerSecond = 100;

    private const int AllPieces = 399;
    private const int PiecesAPoint = 1000;

    private double _left = Burst;
    private double _countedAt;

    /// <summary>The extra price of declaring all pieces, which are then counted anew. BEP 3 allows it once, as the first message.</summary>
    /// <param name="pieces">The number of pieces in the torrent.</param>
    public static int ForAll(int pieces) => Math.Min(AllPieces + pieces / PiecesAPoint, Burst / 2);

    /// <summary>Whether the budget is exceeded.</summary>
    public bool IsOverdrawn => _left < 0;

    /// <summary>Charges the price of any message. Whether it moves data is known only after it is handled: the balance is checked then.</summary>
    /// <param name="length">Its length.</param>
    /// <param name="now">The torrent's clock, in seconds.</param>
    public void Charge(int length, double now)
    {
        Earn((now - _countedAt) * PerSecond);
        _countedAt = now;
        _left -= Idle + length / LongMessage;
    }

    /// <summary>Charges an extra price; false if the budget is exceeded.</summary>
    public bool TrySpend(int points)
    {
        _left -= points;
        return _left >= 0;
    }

    /// <summary>Adds points for transferred data.</summary>
    public void Earn(double points) => _left = Math.Min(Burst, _left + points);
}
