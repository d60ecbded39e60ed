using TorrentPS.Engine;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Swarm;

namespace TorrentPS.Cli.Demo;

/// <summary>A client that seeds until it is stopped.</summary>
internal sealed class DemoSeeder : IProgress<TorrentDownload>, IAsyncDisposable
{
    private readonly TorrentClient _client = new(new TorrentClientOptions { Port = 0 });
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _upload;

    public DemoSeeder(TorrentInfo torrent, string folder, IReadOnlyCollection<PeerSource> sources, CancellationToken stop)
    {
        var options = new DownloadOptions { Destination = folder, SeedTime = Timeout.InfiniteTimeSpan, Sources = sources };
        _upload = UploadAsync(torrent, options, stop);
    }

    /// <summary>Completes when its data is checked; fails if the data is wrong.</summary>
    public Task Ready => _ready.Task;

    public void Report(TorrentDownload value)
    {
        if (value.State == TorrentState.Seeding)
            _ready.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _upload.ConfigureAwait(false);
        await _client.DisposeAsync().ConfigureAwait(false);
    }

    private async Task UploadAsync(TorrentInfo torrent, DownloadOptions options, CancellationToken stop)
    {
        try
        {
            TorrentDownload result = await _client.StartSeed(torrent, options, this, stop).Completion.ConfigureAwait(false);
            _ready.TrySetException(new TorrentException(result.ErrorId ?? TorrentErrorId.Unexpected, $"A seeder ended as {result.State}: {result.Error}"));
        }
        catch (Exception e)
        {
            _ready.TrySetException(e);
        }
        _ = _ready.Task.Exception;
    }
}
