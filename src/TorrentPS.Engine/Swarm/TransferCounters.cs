using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Swarm;

/// <summary>What a torrent has received and sent. Changed on its loop, read from any thread.</summary>
internal sealed class TransferCounters
{
    private readonly RateMeter _downloadRate = new();
    private readonly RateMeter _uploadRate = new();
    private long _downloaded;
    private long _uploaded;
    private long _wasted;
    private long _downloadRated;
    private long _uploadedAtTick;

    /// <summary>Bytes of pieces received.</summary>
    public long Downloaded => Volatile.Read(ref _downloaded);

    /// <summary>Bytes of pieces sent.</summary>
    public long Uploaded => Volatile.Read(ref _uploaded);

    /// <summary>Of those received, the bytes that were of no use.</summary>
    public long Wasted => Volatile.Read(ref _wasted);

    /// <summary>A block was received that is needed.</summary>
    public void Received(int bytes) => _downloaded += bytes;

    /// <summary>Bytes were received that are not needed.</summary>
    public void ReceivedInVain(int bytes)
    {
        _downloaded += bytes;
        _wasted += bytes;
    }

    /// <summary>What was received before turns out to be of no use.</summary>
    public void Waste(long bytes) => _wasted += bytes;

    public void Sent(int bytes, double now)
    {
        _uploaded += bytes;
        _uploadRate.Add(bytes, now);
    }

    /// <summary>Looks at the clock.</summary>
    /// <returns>Whether nothing was sent since the last look.</returns>
    public bool Tick(double now)
    {
        _downloadRate.Add(_downloaded - _downloadRated, now);
        _downloadRated = _downloaded;
        bool isIdle = _uploaded == _uploadedAtTick;
        _uploadedAtTick = _uploaded;
        return isIdle;
    }

    /// <summary>Bytes received a second, lately. On the loop alone.</summary>
    public long DownloadRate(double now) => (long)_downloadRate.PerSecond(now);

    /// <summary>Bytes sent a second, lately. On the loop alone.</summary>
    public long UploadRate(double now) => (long)_uploadRate.PerSecond(now);
}
