namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>
/// What a peer may send that moves no data: keep-alives, messages that are not known, and states that change to and fro. Real clients need a
/// few of them a second. Every message is charged as it comes, whatever it is, so that no kind is forgotten; one that moves data earns that back. What makes more work,
/// here and at other peers, costs more beside that. A peer that spends more than it gets floods us.
/// </summary>
internal sealed class MessageBudget
{
    /// <summary>For any message.</summary>
    public const int Idle = 1;

    /// <summary>And for interest that is said or taken back: who is sent to is chosen anew.</summary>
    public const int Interest = 3;

    /// <summary>For a piece that a peer has no longer, of which it may owe blocks.</summary>
    public const int LostPiece = 3;

    /// <summary>For a choke or an unchoke: all that was asked for is given to others, or asked for.</summary>
    public const int Choke = 19;

    /// <summary>For an extension handshake, of which one is enough (BEP 10 allows more).</summary>
    public const int Handshake = 49;

    /// <summary>Points at the start, and at most.</summary>
    public const int Burst = 4000;

    /// <summary>A message costs a point more for each so many bytes: no real one is as long, but for bitfields.</summary>
    private const int LongMessage = 32 * 1024;

    private const double PerSecond = 100;

    private const int AllPieces = 399;
    private const int PiecesAPoint = 1000;

    private double _left = Burst;
    private double _countedAt;

    /// <summary>For telling all that one has: each piece is counted anew. BEP 3 wants it once, as the first message.</summary>
    /// <param name="pieces">The pieces of the torrent.</param>
    public static int ForAll(int pieces) => Math.Min(AllPieces + pieces / PiecesAPoint, Burst / 2);

    /// <summary>Whether more was spent than there was.</summary>
    public bool IsOverdrawn => _left < 0;

    /// <summary>Takes the price that every message has. What it is worth shows when it has been read: only then is it told whether that was too much.</summary>
    /// <param name="length">Its length.</param>
    /// <param name="now">Seconds of the torrent's clock.</param>
    public void Charge(int length, double now)
    {
        Earn((now - _countedAt) * PerSecond);
        _countedAt = now;
        _left -= Idle + length / LongMessage;
    }

    /// <summary>Takes what a message costs beside; false when there is not so much left.</summary>
    public bool TrySpend(int points)
    {
        _left -= points;
        return _left >= 0;
    }

    /// <summary>Gives points for data that was moved.</summary>
    public void Earn(double points) => _left = Math.Min(Burst, _left + points);
}
