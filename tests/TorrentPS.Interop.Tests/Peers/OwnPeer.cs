using System.Net;
using TorrentPS.Engine;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Transport;
using TorrentPS.Interop.Tests.Harness;

namespace TorrentPS.Interop.Tests.Peers;

/// <summary>Our own client with one torrent, in this process.</summary>
internal sealed class OwnPeer : IAsyncDisposable
{
    private readonly TorrentClient _client;
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly LatestProgress _progress = new();
    private readonly System.Text.StringBuilder _log = new();

    private OwnPeer(TorrentInfo torrent, DownloadOptions options, int port, EncryptionMode encryption, string[]? dhtNodes)
    {
        EndPoint = new IPEndPoint(IPAddress.Loopback, port);
        _client = new TorrentClient(new TorrentClientOptions { Port = port, RequirePort = true, Encryption = encryption, DhtBootstrap = dhtNodes ?? [], StopLimit = Limits.Transfer, Log = Add });
        Result = _client.DownloadAsync(torrent, options, _progress, _stop.Token);
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>The last snapshot; null before the first.</summary>
    public TorrentDownload? Current => _progress.Latest;

    public Task<TorrentDownload> Result { get; }

    /// <summary>The options that tests change: peers come only from the given ones and from the torrent's trackers.</summary>
    public static DownloadOptions Options(string folder, params IPEndPoint[] peers) =>
        new() { Destination = folder, Peers = peers, Sources = [PeerSource.Tracker, PeerSource.Manual], Timeout = Limits.Transfer };

    public static OwnPeer Start(TestTorrent torrent, DownloadOptions options, EncryptionMode encryption = EncryptionMode.Prefer, string[]? dhtNodes = null, int port = 0) =>
        new(torrent.Info, options, port == 0 ? Loopback.FreePort() : port, encryption, dhtNodes);

    /// <summary>Starts a peer with only a magnet link.</summary>
    public static OwnPeer Start(string magnet, DownloadOptions options, EncryptionMode encryption = EncryptionMode.Prefer) =>
        new(new TorrentInfo(MagnetLink.Parse(magnet)), options, Loopback.FreePort(), encryption, null);

    /// <summary>Downloads to the end.</summary>
    public static async Task<TorrentDownload> DownloadAsync(TestTorrent torrent, DownloadOptions options, EncryptionMode encryption = EncryptionMode.Prefer)
    {
        await using OwnPeer peer = Start(torrent, options, encryption);
        return await peer.UntilCompletedAsync();
    }

    private static DownloadOptions SeedOptions(string folder, params IPEndPoint[] peers) =>
        Options(folder, peers) with { SeedOnly = true, SeedTime = Timeout.InfiniteTimeSpan, Timeout = null };

    /// <summary>Starts a peer with all the data, at a port that another peer used before.</summary>
    public static async Task<OwnPeer> SeedAtAsync(int port, TestTorrent torrent, string folder)
    {
        OwnPeer peer = Start(torrent, SeedOptions(folder), port: port);
        await peer.UntilAsync(status => status.State == TorrentState.Seeding, "seeds");
        return peer;
    }

    /// <summary>Starts a peer with all the data, which uploads until it is stopped.</summary>
    public static async Task<OwnPeer> SeedAsync(TestTorrent torrent, string folder, params IPEndPoint[] peers)
    {
        OwnPeer peer = Start(torrent, SeedOptions(folder, peers));
        await peer.UntilAsync(status => status.State == TorrentState.Seeding, "seeds");
        return peer;
    }

    /// <summary>Starts a peer with all the data, over TCP or uTP.</summary>
    public static async Task<OwnPeer> SeedAsync(TestTorrent torrent, string folder, PeerTransport transport)
    {
        OwnPeer peer = Start(torrent, Options(folder) with { SeedOnly = true, SeedTime = Timeout.InfiniteTimeSpan, Timeout = null, Transport = transport });
        await peer.UntilAsync(status => status.State == TorrentState.Seeding, "seeds");
        return peer;
    }

    public async Task<TorrentDownload> UntilCompletedAsync()
    {
        TorrentDownload result = await Result.WaitAsync(Limits.Transfer + TimeSpan.FromSeconds(10));
        Assert.True(result.State == TorrentState.Completed, $"{result} {result.ErrorId} {result.Error}\n{result.BytesCompleted} of {result.BytesWanted} bytes\n{ReadLog()}");
        Assert.Equal(result.BytesWanted, result.BytesCompleted);
        Assert.Equal(100, result.PercentComplete);
        Assert.Null(result.Error);
        return result;
    }

    /// <summary>Waits for a snapshot; fails at once if the peer ends earlier.</summary>
    public Task UntilAsync(Func<TorrentDownload, bool> condition, string what) => Until.TrueAsync(
        () => Current is { } status && condition(status)
            || (Result.IsCompleted ? throw new InvalidOperationException($"It ended before this came true: {what}.\n{Result.GetAwaiter().GetResult()}\n{ReadLog()}") : false),
        Limits.Transfer, $"we: {what}", () => $"{Current}\n{ReadLog()}");

    public async Task<TorrentDownload> StopAsync()
    {
        await _stop.CancelAsync();
        return await Result.WaitAsync(TimeSpan.FromSeconds(30));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await ((Task)Result).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _client.DisposeAsync();
        _stop.Dispose();
    }

    /// <summary>The engine's log so far.</summary>
    public string Log => ReadLog();

    private void Add(string line)
    {
        lock (_log)
            _log.AppendLine(line);
    }

    private string ReadLog()
    {
        lock (_log)
            return _log.ToString();
    }

    private sealed class LatestProgress : IProgress<TorrentDownload>
    {
        private TorrentDownload? _latest;

        public TorrentDownload? Latest => Volatile.Read(ref _latest);

        public void Report(TorrentDownload value) => Volatile.Write(ref _latest, value);
    }
}
