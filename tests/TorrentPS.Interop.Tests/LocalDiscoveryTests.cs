using System.Text.Json;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>Local discovery (BEP 14) with libtorrent, as the only source of peers.</summary>
public sealed class LocalDiscoveryTests : InteropTest
{
    private static readonly string[] s_byLocalDiscovery = ["--no-dht", "--no-pex"];

    private readonly Payload _payload = Payload.SingleFile("local.bin", 1 << 20);

    /// <summary>Runs libtorrent in the background until its input ends, with its status in a file.</summary>
    private static string Libtorrent(TestTorrent torrent, string folder, string status) =>
        $"sleep 600 | {NetworkNamespace.Quote(LibtorrentPeer.Python, "-B", LibtorrentPeer.Script, JsonSerializer.Serialize(new { listen = "127.0.0.9:7009", folder, torrent = torrent.Path, lsd = true }))} > {NetworkNamespace.Quote(status)} & ";

    private static string Own(params IEnumerable<string> arguments) => NetworkNamespace.Quote([.. TorrentPSProcess.Command, .. arguments, .. s_byLocalDiscovery]);

    private static string Until(string text, string file) => $"until grep -q {NetworkNamespace.Quote(text, file)}; do sleep 0.1; done; ";

    [Fact(Timeout = Limits.Test)]
    public async Task We_find_libtorrent_in_the_local_network()
    {
        await LibtorrentPeer.RequireAsync();
        TestTorrent torrent = TestTorrent.Create(_payload, Temp.Path);
        string status = Path.Combine(Temp.Path, "status");

        (int code, ExternalProcess process) = await NetworkNamespace.RunAsync(Temp.Path,
            Libtorrent(torrent, Source(_payload), status) + Until("seeding", status) + Own("download", torrent.Path, "-o", Target, "--timeout", "30"));

        Assert.True(code == 0, process.Report);
        _payload.AssertIn(Target);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Libtorrent_finds_us_in_the_local_network()
    {
        await LibtorrentPeer.RequireAsync();
        TestTorrent torrent = TestTorrent.Create(_payload, Temp.Path);
        string status = Path.Combine(Temp.Path, "status");

        (int code, ExternalProcess process) = await NetworkNamespace.RunAsync(Temp.Path,
            Libtorrent(torrent, Target, status) + Until("downloading", status) + Own("seed", torrent.Path, "--data", Source(_payload), "--timeout", "60") + " & "
            + Until("\"complete\": true", status));

        Assert.True(code == 0, process.Report);
        _payload.AssertIn(Target);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_search_finds_our_own_clients()
    {
        TestTorrent torrent = TestTorrent.Create(_payload, Temp.Path);
        string source = Source(_payload), log = Path.Combine(Temp.Path, "seed");

        (int code, ExternalProcess process) = await NetworkNamespace.RunAsync(Temp.Path,
            $"{Own("seed", torrent.Path, "--data", source, "--port", "7001", "--timeout", "60")} & "
            + $"until {NetworkNamespace.Quote([.. TorrentPSProcess.Command, "peers", torrent.Path, "--timeout", "2", "--json"])} 2> {NetworkNamespace.Quote(log)}; do sleep 0.2; done");

        Assert.True(code == 0, process.Report);
        System.Text.Json.Nodes.JsonNode peer = Assert.Single(TorrentPSProcess.Json(process));
        Assert.Equal(("127.0.0.1", 7001, "LocalDiscovery"), ((string)peer["Address"]!, (int)peer["Port"]!, (string)peer["Source"]!));
    }
}
