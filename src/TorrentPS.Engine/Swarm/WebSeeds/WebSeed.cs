using TorrentPS.Engine.Display;
using TorrentPS.Engine.Http;

namespace TorrentPS.Engine.Swarm.WebSeeds;

/// <summary>One web seed of a torrent: what is known of its server, and whether it is asked. Belongs to the torrent's loop.</summary>
internal sealed class WebSeed(Uri uri, bool servesPieces)
{
    private const double FirstPause = 5;
    private const double LongestPause = 600;
    private const double DefaultBusyPause = 30;

    /// <summary>Failures one after the other after which it is given up: it has had an hour by then.</summary>
    private const int MaxFailures = 10;

    /// <summary>Failures after which nobody waits for one that has never answered.</summary>
    private const int HopefulFailures = 3;

    private readonly Dictionary<int, NamedAddress> _moved = [];
    private readonly HashSet<int> _lost = [];
    private int _failures;
    private bool _isShort; // of connections

    /// <summary>Its address in the torrent, and what that may reach.</summary>
    public NamedAddress Address { get; } = NamedAddress.OfWebSeed(uri);

    /// <summary>Whether it is asked for pieces by their numbers (BEP 17), rather than for parts of files (BEP 19).</summary>
    public bool ServesPieces => servesPieces;

    /// <summary>Connections that may be open to it at once: one until it has answered, and one when it is short of them.</summary>
    public int MaxLanes { get; private set; } = 1;

    /// <summary>Whether it sends whole files, whatever range is asked for.</summary>
    public bool IgnoresRanges { get; private set; }

    /// <summary>Whether it is of no use any more.</summary>
    public bool IsGivenUp { get; private set; }

    /// <summary>Whether data may come of it soon.</summary>
    public bool IsHopeful => !IsGivenUp && (HasAnswered || _failures < HopefulFailures);

    /// <summary>When it may be asked again, in seconds of the torrent's clock.</summary>
    public double RetryAt { get; private set; }

    /// <summary>Whether it has answered with data.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>The files that it has not.</summary>
    public IReadOnlyCollection<int> LostFiles => _lost;

    /// <summary>What was wrong last.</summary>
    public string? Reason { get; private set; }

    /// <summary>Where a file was found to be, with what that may reach.</summary>
    public NamedAddress? MovedTo(int file) => _moved.GetValueOrDefault(file);

    public void Moved(int file, NamedAddress to) => _moved[file] = to;

    public void Forget(int file) => _moved.Remove(file);

    /// <summary>It has sent data.</summary>
    public void Answered()
    {
        _failures = 0;
        HasAnswered = true;
        if (!IgnoresRanges && !_isShort)
            MaxLanes = WebSeedPool.LanesPerSeed;
    }

    /// <summary>It sends whole files, whatever is asked for.</summary>
    public void SendsWholeFiles()
    {
        IgnoresRanges = true;
        MaxLanes = 1;
    }

    /// <summary>It cannot be reached, or broke off: it is asked again after longer and longer pauses.</summary>
    public void Failed(double now, string reason)
    {
        Reason = reason;
        if (++_failures >= MaxFailures)
            GiveUp(reason);
        else
            RetryAt = Math.Max(RetryAt, now + Math.Min(LongestPause, FirstPause * Math.Pow(2, _failures - 1)));
    }

    /// <summary>It has too much to do (429, 503): it says when it may be asked again, or is left alone for a while.</summary>
    public void Busy(double now, double? seconds, string reason)
    {
        Reason = reason;
        _isShort = true;
        MaxLanes = 1;
        if (++_failures >= MaxFailures)
            GiveUp(reason);
        else
            RetryAt = Math.Max(RetryAt, now + Math.Clamp(seconds ?? DefaultBusyPause, 1, LongestPause));
    }

    /// <summary>It has not a file.</summary>
    public void Lost(int file) => _lost.Add(file);

    /// <summary>It is of no use.</summary>
    public void GiveUp(string reason)
    {
        IsGivenUp = true;
        Reason = reason;
    }

    /// <summary>The address as it is shown.</summary>
    public override string ToString() => AddressText.Of(uri);
}
