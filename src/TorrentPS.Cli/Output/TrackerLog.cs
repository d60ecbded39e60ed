using System.Globalization;
using System.Threading.Channels;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Cli.Output;

/// <summary>
/// Logs the announces of a tracker: a line for each peer that starts, completes or stops, none for regular announces. The tracker never waits for the terminal, and
/// beyond a few lines per second only their number is reported.
/// </summary>
internal sealed class TrackerLog : IAsyncDisposable
{
    private const int LinesASecond = 20;

    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    private readonly Terminal _terminal;
    private readonly Channel<TrackerRequest> _requests;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _writing;
    private int _dropped;

    public TrackerLog(Terminal terminal)
    {
        _terminal = terminal;
        _requests = Channel.CreateBounded<TrackerRequest>(new BoundedChannelOptions(LinesASecond) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true }, _ => Interlocked.Increment(ref _dropped));
        _writing = WriteAsync();
    }

    /// <summary>Records an announce; from any thread.</summary>
    public void Add(TrackerRequest request)
    {
        if (request.Event != AnnounceEvent.None)
            _requests.Writer.TryWrite(request);
    }

    public async ValueTask DisposeAsync()
    {
        _requests.Writer.TryComplete();
        await _ending.CancelAsync().ConfigureAwait(false);
        await _writing.ConfigureAwait(false);
        _ending.Dispose();
    }

    /// <summary>The line for an announce.</summary>
    public static string Describe(TrackerRequest request)
    {
        string what = request.Event switch
        {
            AnnounceEvent.Started when request.Left == 0 => "seeds",
            AnnounceEvent.Started => "started",
            AnnounceEvent.Completed => "completed",
            _ => "stopped",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{request.EndPoint,-24} {what,-9} {request.InfoHash} {(request.IsUdp ? "udp" : "http")}").TrimEnd();
    }

    private async Task WriteAsync()
    {
        await Task.Yield();
        int lines = 0;
        await foreach (TrackerRequest request in _requests.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            _terminal.WriteMessage(Describe(request));
            if (++lines < LinesASecond)
                continue;
            lines = 0;
            await Task.Delay(s_second, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            int dropped = Interlocked.Exchange(ref _dropped, 0);
            if (dropped > 0)
                _terminal.WriteMessage($"… and {Quantity.Count(dropped, "more announce")}");
        }
    }
}
