using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Swarm;

/// <summary>The transfer counters of a torrent. Changed on its loop, read from any thread.</summary>
internal sealed class TransferCounters
{
    private readonly RateMeter _downloadRate = new();
    private readonly RateMeter _uploadRate = new();
    private long _downloaded;
    private long _uploaded;
    private long _wasted;
    private long _downloadRated;
    private long _uploadedAtTick;
    private long _downloadRateNow;
    private long _uploadRateNow;

    /// <summary>The number of piece bytes received.</summary>
    public long Downloaded => Volatile.Read(ref _downloaded);

    /// <summary>The number of piece bytes sent.</summary>
    public long Uploaded => Volatile.Read(ref _uploaded);

    /// <summary>The number of received bytes that were useless.</summary>
    public long Wasted => Volatile.Read(ref _wasted);

    /// <summary>A needed block was received.</summary>
    public void Received(int bytes) => _downloaded += bytes;

    /// <summary>Useless bytes were received.</summary>
    public void ReceivedInVain(int bytes)
    {
        _downloaded += bytes;
        _wasted += bytes;
    }

    /// <summary>Bytes received earlier turn out to be useless.</summary>
    public void Waste(long bytes) => _wasted += bytes;

    public void Sent(int bytes, double now)
    {
        _uploaded += bytes;
        _uploadRate.Add(bytes, now);
    }

    /// <summary>Updates the rates.</summary>
    /// <returns>Whether nothing was sent since the last tick.</returns>
    public bool Tick(double now)
    {
        _downloadRate.Add(_downloaded - _downloadRated, now);
        _downloadRated = _downloaded;
        bool isIdle = _uploaded == _uploadedAtTick;
        _uploadedAtTick = _uploaded;
        DownloadRate = (long)_downloadRate.PerSecond(now);
        UploadRate = (long)_uploadRate.PerSecond(now);
        return isIdle;
    }

    /// <summary>The recent download rate in bytes per second, as of the last tick.</summary>
    public long DownloadRate
    {
        get => Volatile.Read(ref _downloadRateNow);
        private set => Volatile.Write(ref _downloadRateNow, value);
    }

    /// <summary>The recent upload rate in bytes per second, as of the last tick.</summary>
    public long UploadRate
    {
        get => Volatile.Read(ref _uploadRateNow);
        private set => Volatile.Write(ref _uploadRateNow, value);
    }

    /// <summary>No more data moves.</summary>
    public void Rest() => DownloadRate = UploadRate = 0;
}
