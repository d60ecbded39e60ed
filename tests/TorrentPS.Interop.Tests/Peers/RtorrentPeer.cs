using System.Net;
using TorrentPS.Interop.Tests.Harness;

namespace TorrentPS.Interop.Tests.Peers;

/// <summary>rtorrent with one torrent: it supports only version 1, and treats a hybrid torrent as one of version 1 (BEP 52, "Upgrade Path").</summary>
internal sealed class RtorrentPeer : IAsyncDisposable
{
    private readonly ExternalProcess _process;
    private readonly string _finished;

    private RtorrentPeer(IPEndPoint endPoint, ExternalProcess process, string finished) => (EndPoint, _process, _finished) = (endPoint, process, finished);

    public IPEndPoint EndPoint { get; }

    /// <summary>Starts rtorrent, which finds peers through the torrent's trackers. It seeds if its folder has the data.</summary>
    /// <param name="torrent">The torrent.</param>
    /// <param name="folder">The folder of the data.</param>
    /// <param name="temp">The parent folder of its settings.</param>
    public static async Task<RtorrentPeer> StartAsync(TestTorrent torrent, string folder, TempFolder temp)
    {
        string program = Installed.Require("rtorrent", "rtorrent");
        IPEndPoint endPoint = Loopback.Next();
        string home = temp.Folder($"rtorrent-{Guid.NewGuid():n}"), settings = Path.Combine(home, "settings"), finished = Path.Combine(home, "finished");
        await File.WriteAllTextAsync(settings, $$"""
            system.daemon.set = true
            directory.default.set = "{{folder}}"
            network.bind_address.set = {{endPoint.Address}}
            network.port_range.set = {{endPoint.Port}}-{{endPoint.Port}}
            network.port_random.set = no
            dht.mode.set = disable
            protocol.pex.set = no
            trackers.use_udp.set = no
            method.set_key = event.download.finished,test,"execute={touch,{{finished}}}"
            schedule2 = load, 0, 0, "load.start={{torrent.Path}}"

            """, TestContext.Current.CancellationToken);
        ExternalProcess process = ExternalProcess.Start(program, ["-n", "-o", $"import={settings}"], home, new Dictionary<string, string> { ["HOME"] = home });
        await process.UntilAsync(() => Loopback.ListensAsync(endPoint), Limits.Start, "rtorrent listens");
        return new RtorrentPeer(endPoint, process, finished);
    }

    public Task UntilCompleteAsync() => _process.UntilAsync(() => File.Exists(_finished), Limits.Transfer, "rtorrent has downloaded all");

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
