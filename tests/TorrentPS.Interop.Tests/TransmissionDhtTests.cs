using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>
/// A magnet link of a torrent that Transmission seeds, with the DHT only. Transmission's DHT accepts no loopback address as a node, and is ready only with more than
/// eight nodes: hence twenty of libtorrent's, in a separate network with other addresses.
/// </summary>
public sealed class TransmissionDhtTests : InteropTest
{
    private const int Nodes = 20;
    private const string Transmission = "10.9.0.50";

    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(Limits.Test);
    private static readonly Payload s_payload = Payload.SingleFile("transmitted.bin", 500_000);

    private static IEnumerable<string> NodeAddresses => Enumerable.Range(1, Nodes).Select(number => $"10.9.0.{number}");

    [Fact(Timeout = Limits.Test)]
    public async Task Transmission_sends_the_metadata_as_a_peer_of_the_dht()
    {
        await LibtorrentPeer.RequireAsync();
        string program = Installed.Require("transmission-daemon", "transmission-daemon");
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        string home = await SettingsAsync(torrent);
        string ready = Path.Combine(Temp.Path, "nodes"), log = Path.Combine(Temp.Path, "transmission");
        string[] nodes = [.. NodeAddresses.Select(address => $"{address}:6881")];
        string nodeScript = Path.Combine(AppContext.BaseDirectory, "Peers", "libtorrent_dht.py");

        (int code, ExternalProcess process) = await NetworkNamespace.RunAsync(Temp.Path,
            string.Concat(NodeAddresses.Append(Transmission).Select(address => $"ip addr add {address}/32 dev lo; "))
            + $"sleep {Limits.Test / 1000} | {NetworkNamespace.Quote([LibtorrentPeer.Python, "-B", nodeScript, .. nodes])} > {NetworkNamespace.Quote(ready)} & " + Until("ready", ready)
            + $"HOME={NetworkNamespace.Quote(home)} {NetworkNamespace.Quote(program, "--foreground", "--config-dir", home)} > {NetworkNamespace.Quote(log)} 2>&1 & " + Until("DHT announce done", log)
            + $"TORRENTPS_DHT_NODES={nodes[0]} TORRENTPS_STATE={NetworkNamespace.Quote(Temp.Folder("state"))} "
            + NetworkNamespace.Quote([.. TorrentPSProcess.Command, "download", $"magnet:?xt=urn:btih:{torrent.InfoHash}", "-o", Target, "--no-pex", "--no-lsd", "--timeout", "240"]), s_limit);

        Assert.True(code == 0, process.Report + Environment.NewLine + (File.Exists(log) ? await File.ReadAllTextAsync(log, Token) : "Transmission said nothing"));
        s_payload.AssertIn(Target);
    }

    private static string Until(string text, string file) => $"until grep -q {NetworkNamespace.Quote(text, file)}; do sleep 0.1; done; ";

    /// <summary>Transmission's folder: the torrent to seed, and the DHT nodes of its last run.</summary>
    private async Task<string> SettingsAsync(TestTorrent torrent)
    {
        string home = Temp.Folder("home"), watched = Temp.Folder("watched");
        JsonObject settings = new()
        {
            ["download-dir"] = Source(s_payload),
            ["watch-dir"] = watched,
            ["watch-dir-enabled"] = true,
            ["bind-address-ipv4"] = Transmission,
            ["peer-port"] = 6881,
            ["rpc-enabled"] = false,
            ["dht-enabled"] = true,
            ["lpd-enabled"] = false,
            ["pex-enabled"] = false,
            ["utp-enabled"] = false,
            ["port-forwarding-enabled"] = false,
            ["preallocation"] = 0,
            ["message-level"] = 3,
        };
        await File.WriteAllTextAsync(Path.Combine(home, "settings.json"), settings.ToJsonString(), Token);
        File.Copy(torrent.Path, Path.Combine(watched, Path.GetFileName(torrent.Path)));
        using MemoryStream table = new();
        table.Write("d2:id20:"u8);
        table.Write(RandomNumberGenerator.GetBytes(20));
        table.Write("5:nodes120:"u8);
        foreach (string address in NodeAddresses)
            table.Write([.. IPAddress.Parse(address).GetAddressBytes(), 6881 >> 8, 6881 & 0xFF]);
        table.Write("e"u8);
        await File.WriteAllBytesAsync(Path.Combine(home, "dht.dat"), table.ToArray(), Token);
        return home;
    }
}
