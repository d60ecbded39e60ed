using System.Diagnostics;
using TorrentPS.Engine;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Benchmarks.Crowd;

/// <summary>One client of the crowd, and the time of its completion.</summary>
internal sealed class CrowdMember : IProgress<TorrentDownload>, IAsyncDisposable
{
    private readonly TorrentClient _client = new(new TorrentClientOptions { Port = 0, Encryption = EncryptionMode.Off });
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<TimeSpan> _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private readonly Task<TorrentDownload> _result;

    public CrowdMember(TorrentInfo torrent, DownloadOptions options)
    {
        _result = _client.DownloadAsync(torrent, options, this, _stop.Token);
        _ = CompleteAtEndAsync();
    }

    /// <summary>The time until completion.</summary>
    public Task<TimeSpan> Complete => _complete.Task;

    public void Report(TorrentDownload value)
    {
        if (value.State == TorrentState.Seeding)
            _complete.TrySetResult(Stopwatch.GetElapsedTime(_startedAt));
    }

    public async Task<TorrentDownload> StopAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        return await _result.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await _client.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task CompleteAtEndAsync()
    {
        TorrentDownload result = await _result.ConfigureAwait(false);
        if (result.State == TorrentState.Completed)
            _complete.TrySetResult(Stopwatch.GetElapsedTime(_startedAt));
        else
            _complete.TrySetException(new InvalidOperationException(result.Error ?? result.State.ToString()));
    }
}
