namespace TorrentPS.Engine.Transport.Connecting;

/// <summary>How many connections are begun a second: some at once at first, then an even number. A router or a firewall takes more for an attack. Safe for use from several threads.</summary>
internal sealed class ConnectPace(int perSecond, int burst, TimeProvider time)
{
    private readonly Lock _lock = new();
    private double _available = burst;
    private long _countedAt = time.GetTimestamp();

    /// <summary>Takes one; false when it is too early.</summary>
    public bool TryTake()
    {
        lock (_lock)
        {
            long now = time.GetTimestamp();
            _available = Math.Min(burst, _available + perSecond * time.GetElapsedTime(_countedAt, now).TotalSeconds);
            _countedAt = now;
            if (_available < 1)
                return false;
            _available--;
            return true;
        }
    }

    /// <summary>Gives back what was not needed.</summary>
    public void GiveBack()
    {
        lock (_lock)
            _available = Math.Min(burst, _available + 1);
    }
}
