namespace TorrentPS.Engine.Transport.Connecting;

/// <summary>Limits the connection attempts per second: a burst at first, then an even rate. Routers and firewalls take more for an attack. Thread-safe.</summary>
internal sealed class ConnectPace(int perSecond, int burst, TimeProvider time)
{
    private readonly Lock _lock = new();
    private double _available = burst;
    private long _countedAt = time.GetTimestamp();

    /// <summary>Takes one attempt; false if it is too early.</summary>
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

    /// <summary>Returns an unused attempt.</summary>
    public void GiveBack()
    {
        lock (_lock)
            _available = Math.Min(burst, _available + 1);
    }
}
