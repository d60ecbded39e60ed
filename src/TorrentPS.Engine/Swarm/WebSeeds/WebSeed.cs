using TorrentPS.Engine.Display;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm.WebSeeds;

/// <summary>One web seed of a torrent: the state of its server, and whether to use it. Belongs to the torrent's loop.</summary>
/// <param name="uri">Its address.</param>
/// <param name="servesPieces">Whether it serves pieces by number (BEP 17).</param>
/// <param name="isOfUser">Whether it was given by the user, not by the torrent.</param>
internal sealed class WebSeed(Uri uri, bool servesPieces, bool isOfUser = false)
{
    private const int MaxSeeds = 20; // of a kind

    private const double FirstPause = 5;
    private const double LongestPause = 600;
    private const double DefaultBusyPause = 30;

    /// <summary>The number of consecutive failures after which it is given up: an hour has passed by then.</summary>
    private const int MaxFailures = 10;

    /// <summary>The number of failures after which a web seed that has never answered is not waited for.</summary>
    private const int HopefulFailures = 3;

    private readonly Dictionary<int, NamedAddress> _moved = [];
    private readonly HashSet<int> _lost = [];
    private int _failures;
    private bool _isShort; // of connections

    /// <summary>Its address, with its reach.</summary>
    public NamedAddress Address { get; } = isOfUser ? NamedAddress.OfUser(uri) : NamedAddress.OfWebSeed(uri);

    /// <summary>The web seeds given by the user, and, unless switched off, those of the torrent.</summary>
    /// <param name="torrent">The torrent.</param>
    /// <param name="named">The web seeds given by the user.</param>
    /// <param name="usesTorrents">Whether to use those of the torrent.</param>
    public static IEnumerable<WebSeed> Of(Torrent torrent, IEnumerable<Uri> named, bool usesTorrents)
    {
        HashSet<Uri> given = [.. named.Take(MaxSeeds)];
        IEnumerable<WebSeed> ofUser = given.Select(uri => new WebSeed(uri, servesPieces: false, isOfUser: true));
        return !usesTorrents ? ofUser : ofUser
            .Concat(torrent.WebSeeds.Where(uri => !given.Contains(uri)).Take(MaxSeeds).Select(uri => new WebSeed(uri, servesPieces: false)))
            .Concat(torrent.HttpSeeds.Take(MaxSeeds).Select(uri => new WebSeed(uri, servesPieces: true)));
    }

    /// <summary>Whether it serves pieces by index (BEP 17), rather than ranges of files (BEP 19).</summary>
    public bool ServesPieces => servesPieces;

    /// <summary>The maximum number of connections to it: one until it has answered, and one if it refuses more.</summary>
    public int MaxLanes { get; private set; } = 1;

    /// <summary>Whether it sends whole files regardless of the requested range.</summary>
    public bool IgnoresRanges { get; private set; }

    /// <summary>Whether it is given up.</summary>
    public bool IsGivenUp { get; private set; }

    /// <summary>Whether data may be expected from it soon.</summary>
    public bool IsHopeful => !IsGivenUp && (HasAnswered || _failures < HopefulFailures);

    /// <summary>When it may be used again, on the torrent's clock in seconds.</summary>
    public double RetryAt { get; private set; }

    /// <summary>Whether it has sent data.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>The files that it does not have.</summary>
    public IReadOnlyCollection<int> LostFiles => _lost;

    /// <summary>The last error.</summary>
    public string? Reason { get; private set; }

    /// <summary>The current address of a file after redirects, with its reach.</summary>
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

    /// <summary>It sends whole files regardless of the requested range.</summary>
    public void SendsWholeFiles()
    {
        IgnoresRanges = true;
        MaxLanes = 1;
    }

    /// <summary>It is unreachable, or the connection broke: it is retried after increasing pauses.</summary>
    public void Failed(double now, string reason)
    {
        Reason = reason;
        if (++_failures >= MaxFailures)
            GiveUp(reason);
        else
            RetryAt = Math.Max(RetryAt, now + Math.Min(LongestPause, FirstPause * Math.Pow(2, _failures - 1)));
    }

    /// <summary>It is overloaded (429, 503): it is used again after the time that it names, or after a while.</summary>
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

    /// <summary>It does not have a file.</summary>
    public void Lost(int file) => _lost.Add(file);

    /// <summary>It is useless.</summary>
    public void GiveUp(string reason)
    {
        IsGivenUp = true;
        Reason = reason;
    }

    /// <summary>The address as it is shown.</summary>
    public override string ToString() => AddressText.Of(uri);
}
