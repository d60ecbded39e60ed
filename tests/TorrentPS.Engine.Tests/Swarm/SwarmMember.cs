using System.Net;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>One client with one torrent, on loopback, in a separate folder: started, observed, stopped.</summary>
internal sealed class SwarmMember : IAsyncDisposable, IProgress<TorrentDownload>
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5); // for hangs

    private readonly Lock _lock = new();
    private readonly List<(Func<TorrentDownload, bool> Condition, TaskCompletionSource<TorrentDownload> Met)> _waiting = [];
    private readonly CancellationTokenSource _stop = new();
    private TemporaryFolder? _ownFolder;
    private List<string> _log = [];
    private TorrentDownload? _last;

    private SwarmMember(TorrentClient client, TemporaryFolder? ownFolder, string destination) => (Client, _ownFolder, Destination) = (client, ownFolder, destination);

    public TorrentClient Client { get; }

    public string Destination { get; }

    public TorrentTransfer Transfer { get; private set; } = null!;

    public Task<TorrentDownload> Result => Transfer.Completion;

    public IPEndPoint EndPoint => new(IPAddress.Loopback, Client.ListenPort);

    /// <summary>Starts to download a torrent, by default to a new folder.</summary>
    public static SwarmMember Download(Torrent torrent, string? destination, IEnumerable<IPEndPoint> peers, Func<DownloadOptions, DownloadOptions>? change = null, TorrentClientOptions? client = null)
    {
        TemporaryFolder? folder = destination is null ? new TemporaryFolder() : null;
        List<string> log = [];
        TorrentClient made = new((client ?? new TorrentClientOptions()) with { Port = 0, Log = line => Add(log, line) });
        SwarmMember member = new(made, folder, destination ?? folder!.Path);
        DownloadOptions options = new() { Destination = member.Destination, Peers = [.. peers] };
        member.Transfer = made.StartDownload(new TorrentInfo(torrent), change?.Invoke(options) ?? options, member, member._stop.Token);
        member._log = log;
        return member;
    }

    /// <summary>Starts to seed a torrent's data and waits until it does.</summary>
    public static async Task<SwarmMember> SeedAsync(Sample sample, Torrent? torrent = null, Func<DownloadOptions, DownloadOptions>? change = null, TorrentClientOptions? client = null)
    {
        TemporaryFolder folder = new();
        sample.Lay(folder.Path, [.. sample.Torrent.Files.Where(file => !file.IsPadding).Select(file => file.Index)]);
        SwarmMember member = Download(torrent ?? sample.Torrent, folder.Path, [], options =>
        {
            options = options with { SeedOnly = true, SeedTime = Timeout.InfiniteTimeSpan };
            return change?.Invoke(options) ?? options;
        }, client);
        member._ownFolder = folder;
        await member.ListensAsync();
        return member;
    }

    private static void Add(List<string> log, string line)
    {
        lock (log)
            log.Add(line);
    }

    public string LogText
    {
        get
        {
            lock (_log)
                return string.Join('\n', _log);
        }
    }

    public void Report(TorrentDownload value)
    {
        List<TaskCompletionSource<TorrentDownload>> met = [];
        lock (_lock)
        {
            _last = value;
            for (int i = _waiting.Count - 1; i >= 0; i--)
            {
                if (!_waiting[i].Condition(value))
                    continue;
                met.Add(_waiting[i].Met);
                _waiting.RemoveAt(i);
            }
        }

        foreach (TaskCompletionSource<TorrentDownload> one in met)
            one.SetResult(value);
    }

    /// <summary>Waits until the progress meets a condition; fails if the download ends earlier.</summary>
    public async Task<TorrentDownload> UntilAsync(Func<TorrentDownload, bool> condition)
    {
        TaskCompletionSource<TorrentDownload> met = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_last is not null && condition(_last))
                return _last;
            _waiting.Add((condition, met));
        }

        Task first = await Task.WhenAny(met.Task, Result).WaitAsync(s_limit, TestContext.Current.CancellationToken);
        if (first != met.Task)
            Assert.Fail($"It ended before: {Result.Result} {Result.Result.Error}\n{LogText}");
        return await met.Task;
    }

    /// <summary>Waits until a line of the log contains a text.</summary>
    public async Task LogsAsync(string part) =>
        Assert.True(await Task.Run(() => SpinWait.SpinUntil(() => LogText.Contains(part, StringComparison.Ordinal) || Result.IsCompleted, s_limit)) && LogText.Contains(part, StringComparison.Ordinal), LogText);

    /// <summary>Waits until a line of the log contains a text, while a fake clock advances; not so far that anything is given up.</summary>
    public async Task LogsAsync(string part, FakeTimeProvider time, double atMost = 8)
    {
        await time.UntilAsync(() => LogText.Contains(part, StringComparison.Ordinal) || Result.IsCompleted, 0.1, atMost, () => LogText);
        await LogsAsync(part);
    }

    /// <summary>Waits until peers can connect. Not through the progress, since the clock may be a fake one.</summary>
    public async Task ListensAsync()
    {
        Assert.True(await Task.Run(() => SpinWait.SpinUntil(() => Client.ListenPort > 0 || Result.IsCompleted, s_limit)));
        if (Result.IsCompleted)
            Assert.Fail($"It ended before: {Result.Result} {Result.Result.Error}\n{LogText}");
    }

    public Task<TorrentDownload> EndAsync() => Result.WaitAsync(s_limit, TestContext.Current.CancellationToken);

    public Task<TorrentDownload> StopAsync()
    {
        _stop.Cancel();
        return EndAsync();
    }

    /// <summary>Advances a fake clock in small steps until the download ends; after <paramref name="atMost"/> seconds at the pace of real time.</summary>
    public async Task<TorrentDownload> EndAsync(FakeTimeProvider time, double atMost = 200, double step = 0.1)
    {
        await time.UntilAsync(() => Result.IsCompleted, step, atMost, () => LogText);
        return await EndAsync();
    }

    /// <summary>Advances a fake clock a little, and lets the threads do the due work.</summary>
    public async Task PassAsync(FakeTimeProvider time, double seconds)
    {
        if (!Result.IsCompleted)
            await time.PassAsync(seconds);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAny(Result).WaitAsync(s_limit);
        await Client.DisposeAsync();
        _stop.Dispose();
        _ownFolder?.Dispose();
    }
}
