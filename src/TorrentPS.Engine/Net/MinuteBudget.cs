namespace TorrentPS.Engine.Net;

/// <summary>Limits how often something may happen per minute: a burst at first, then evenly.</summary>
internal sealed class MinuteBudget(int perMinute)
{
    private double _left = perMinute;
    private double _countedAt;

    /// <summary>Takes one; false if it is too early.</summary>
    /// <param name="now">The torrent's clock, in seconds.</param>
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
