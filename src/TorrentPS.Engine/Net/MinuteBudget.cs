namespace TorrentPS.Engine.Net;

/// <summary>How often something may happen a minute: so often at once, and then evenly.</summary>
internal sealed class MinuteBudget(int perMinute)
{
    private double _left = perMinute;
    private double _countedAt;

    /// <summary>Takes one; false when it is too early.</summary>
    /// <param name="now">Seconds of the torrent's clock.</param>
    public bool TryTake(double now)
    {
        _left = Math.Min(perMinute, _left + (now - _countedAt) * perMinute / 60);
        _countedAt = now;
        if (_left < 1)
            return false;
        _left--;
        return true;
    }
}
