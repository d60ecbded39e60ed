namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>
/// Limits the peer exchange messages of one peer (BEP 11: one per minute). Messages that arrive too early are ignored, and too many of them end the connection.
/// </summary>
internal sealed class PeerExchangeInbox
{
    private const double Interval = 50; // a minute, with a tolerance for the peer's clock
    private const int Burst = 3;
    private const int MaxIgnored = 20;

    private double _allowed = Burst;
    private double _countedAt;

    /// <summary>The number of ignored messages.</summary>
    public int Ignored { get; private set; }

    /// <summary>Whether too many were ignored.</summary>
    public bool IsFlooded => Ignored > MaxIgnored;

    /// <summary>Whether a message that arrives now is processed.</summary>
    public bool Takes(double now)
    {
        _allowed = Math.Min(Burst, _allowed + (now - _countedAt) / Interval);
        _countedAt = now;
        if (_allowed < 1)
        {
            Ignored++;
            return false;
        }

        _allowed--;
        return true;
    }
}
