using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.TrackerHosting;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary>
/// The tracker of one run, in this process: the engine's own. Each run has a new one, so that it returns no peer of an earlier run, and its announces are known.
/// </summary>
internal sealed class RunTracker : IAsyncDisposable
{
    private readonly TrackerServer _server;
    private readonly ConcurrentDictionary<IPEndPoint, long?> _leftByPeer = new();
    private readonly Channel<IPEndPoint> _news = Channel.CreateUnbounded<IPEndPoint>();

    public RunTracker() => _server = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0), new TrackerServerOptions
    {
        TrustsGivenAddress = true,
        OnAnnounce = request =>
        {
            if (_leftByPeer.TryAdd(request.EndPoint, request.Left))
                _news.Writer.TryWrite(request.EndPoint);
            else
                _leftByPeer[request.EndPoint] = request.Left;
        },
    });

    /// <summary>The addresses of peers that announced complete data.</summary>
    public IReadOnlyList<IPEndPoint> Seeders => [.. _leftByPeer.Where(peer => peer.Value == 0).Select(peer => peer.Key)];

    /// <summary>Writes a .torrent with this tracker.</summary>
    public async Task WriteTorrentAsync(string path, Torrent torrent)
    {
        var builder = new TorrentBuilder(torrent.Name, torrent.PieceLength) { PieceHashes = torrent.PieceHashes, Trackers = [[_server.AnnounceUri]] };
        builder.SetSingleFile(torrent.Length);
        await File.WriteAllBytesAsync(path, builder.Build()).ConfigureAwait(false);
    }

    /// <summary>Announces for a seeder.</summary>
    public async Task AddSeederAsync(IPEndPoint seeder, Torrent torrent)
    {
        using var http = new HttpClient();
        string hash = string.Concat(torrent.InfoHash.Wire.ToArray().Select(value => $"%{value:x2}"));
        var uri = new Uri($"{_server.AnnounceUri}?info_hash={hash}&peer_id=-XX0000-{Guid.NewGuid().ToString("n")[..12]}&ip={seeder.Address}&port={seeder.Port}&uploaded=0&downloaded=0&left=0&event=started&compact=1");
        (await http.GetAsync(uri).ConfigureAwait(false)).EnsureSuccessStatusCode().Dispose();
    }

    /// <summary>Waits for the announce of a peer other than these.</summary>
    public async Task<IPEndPoint> NextPeerAsync(IReadOnlyCollection<IPEndPoint> known, CancellationToken cancellationToken)
    {
        while (true)
        {
            IPEndPoint peer = await _news.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (!known.Contains(peer))
                return peer;
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
