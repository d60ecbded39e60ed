namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>How often one peer may tell of others (BEP 11: once a minute). What comes too early is not read, and one that goes on so is no peer to keep.</summary>
internal sealed class PeerExchangeInbox
{
    private const double Interval = 50; // a minute by a clock that is not ours
    private const int Burst = 3;
    private const int MaxIgnored = 20;

    private double _allowed = Burst;
    private double _countedAt;

    /// <summary>Messages that came too early.</summary>
    public int Ignored { get; private set; }

    /// <summary>Whether so many came too early that it is meant to do harm.</summary>
    public bool IsFlooded => Ignored > MaxIgnored;

    /// <summary>Whether a message that comes now is read.</summary>
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
