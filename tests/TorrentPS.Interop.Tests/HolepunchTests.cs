using System.Text.Json;
using System.Text.Json.Nodes;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>
/// Holepunching (BEP 55) in a separate network, where two of three peers are behind routers that let in only answers: the third, a libtorrent connected to both without
/// any data, is the relay.
/// </summary>
public sealed class HolepunchTests : InteropTest
{
    private const string Relay = "127.0.0.2", Hidden = "127.0.0.3";

    /// <summary>The rules of both routers: only answers come in, and traffic to and from the relay.</summary>
    private const string Routers = """
        nft -f - <<'RULES' || exit 20
        table inet routers {
        chain in {
        type filter hook input priority 0; policy accept;
        ct state established,related accept
        udp sport 7002 accept
        udp dport 7002 accept
        tcp dport 7002 accept
        udp dport { 7003, 7004 } drop
        tcp dport { 7003, 7004 } drop
        }
        }
        RULES

        """;

    private readonly Payload _payload = Payload.SingleFile("hidden.bin", 2_000_001);

    private static string Libtorrent(TestTorrent torrent, string listen, string folder, string status, bool isRelay = false, string? connect = null)
    {
        string config = JsonSerializer.Serialize(new { listen, folder, torrent = torrent.Path, utp = true, pex = isRelay, down_limit = isRelay ? 500 : 0, up_limit = isRelay ? 500 : 0 });
        string input = connect is null ? "sleep 600" : $"(echo {NetworkNamespace.Quote(JsonSerializer.Serialize(new { connect }))}; sleep 600)";
        return $"{input} | {NetworkNamespace.Quote(LibtorrentPeer.Python, "-B", LibtorrentPeer.Script, config)} > {status} 2>&1 &\n";
    }

    private static string Until(string text, string file) => $"until grep -q '{text}' {file}; do sleep 0.1; done\n";

    private static string Own(params string[] arguments) => NetworkNamespace.Quote([.. TorrentPSProcess.Command, .. arguments, "--no-dht", "--no-lsd"]);

    private string ReadLogs() => string.Join('\n', new[] { "relay.log", "hidden.log" }.Select(Temp.File).Where(File.Exists).Select(File.ReadAllText));

    [Theory(Timeout = Limits.Test)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_unreachable_libtorrent_is_reached_through_another_peer(bool isRelayed)
    {
        await LibtorrentPeer.RequireAsync();
        Installed.Require("nft", "nftables");
        TestTorrent torrent = TestTorrent.Create(_payload, Temp.Path, 64 << 10);
        string script = Routers
            + Libtorrent(torrent, $"{Relay}:7002", Temp.Folder("relay"), "relay.log", isRelay: true) + Until("downloading", "relay.log")
            + Libtorrent(torrent, $"{Hidden}:7003", Source(_payload), "hidden.log", connect: $"{Relay}:7002") + Until(Hidden, "relay.log")
            + Own(["download", torrent.Path, "-o", Target, "--port", "7004", "--peer", isRelayed ? $"{Relay}:7002" : $"{Hidden}:7003", "--json", "--stall-timeout", isRelayed ? "60" : "6"]);

        (int code, ExternalProcess process) = await NetworkNamespace.RunAsync(Temp.Path, script, Limits.Transfer);

        Assert.True(process.Output.Length > 0, $"{process.Report}\n{ReadLogs()}");
        JsonNode result = Assert.Single(TorrentPSProcess.Json(process));
        if (!isRelayed)
        {
            Assert.True(code != 0, process.Report); // the routers work
            Assert.Equal(0, (long)result["Downloaded"]!);
            return;
        }

        Assert.True(code == 0, $"{process.Report}\n{ReadLogs()}");
        _payload.AssertIn(Target);
        JsonNode relay = JsonNode.Parse(File.ReadLines(Temp.File("relay.log")).Last(line => line.StartsWith('{')))!;
        Assert.Equal(0, (long)relay["uploaded"]!); // so all of it came from the hidden peer
    }
}
