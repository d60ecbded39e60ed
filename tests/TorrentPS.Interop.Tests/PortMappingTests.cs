using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>
/// A router that is real but for the wires: miniupnpd between a home network and the Internet, each a network namespace, with the kernel's address translation.
/// </summary>
public sealed class PortMappingTests : InteropTest
{
    private static readonly Payload s_payload = Payload.SingleFile("payload.bin", 300_000);

    private const string Rules = """
        table inet filter {
            chain forward { type filter hook forward priority 0; policy drop; ct state established,related accept; jump miniupnpd; }
            chain miniupnpd { }
            chain prerouting { type nat hook prerouting priority -100; policy accept; jump prerouting_miniupnpd; }
            chain postrouting { type nat hook postrouting priority 100; policy accept; jump postrouting_miniupnpd; }
            chain prerouting_miniupnpd { }
            chain postrouting_miniupnpd { }
        }
        """;

    // The script's namespace is the router; home and Internet are two more, each at the other end of a virtual cable.
    private const string SetUp = """
        set -e
        end() { rm -f "$1"; (sleep 600 | unshare -n sh -c 'echo $$ > "$0"; exec cat' "$1") > /dev/null 2>&1 & until [ -s "$1" ]; do sleep 0.05; done; }
        end home; end world
        ip route del 224.0.0.0/4 dev lo
        ip link add wan type veth peer name wan1; ip link set wan1 netns $(cat world)
        ip link add lan type veth peer name lan1; ip link set lan1 netns $(cat home)
        ip addr add 99.99.99.5/24 dev wan; ip link set wan up
        ip addr add 10.77.0.1/24 dev lan; ip link set lan up; ip route add 224.0.0.0/4 dev lan
        home="nsenter -t $(cat home) -n"
        world="nsenter -t $(cat world) -n"
        $home sh -c 'ip link set lo up; ip addr add 10.77.0.2/24 dev lan1; ip link set lan1 up; ip route add default via 10.77.0.1'
        $world sh -c 'ip link set lo up; ip addr add 99.99.99.9/24 dev wan1; ip link set wan1 up'
        echo 1 > /proc/sys/net/ipv4/ip_forward
        nft -f rules
        mapped() { nft list chain inet filter prerouting_miniupnpd | grep -c "dnat" || true; }
        until_mapped() { until [ "$(mapped)" = "$1" ]; do sleep 0.1; done; }

        """;

    [Theory(Timeout = Limits.Test)]
    [InlineData("yes", "PCP")]
    [InlineData("no", "UPnP")]
    public async Task Miniupnpd_forwards_the_port_and_removes_the_mapping(string natPmp, string protocol)
    {
        string miniupnpd = Installed.Require("miniupnpd", "miniupnpd");
        Installed.Require("nft", "nftables");
        Installed.Require("nsenter", "util-linux");
        Assert.SkipUnless(Environment.UserName == "root", "A router can be made only by root.");
        string source = Source(s_payload);
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, 64 << 10);
        await File.WriteAllTextAsync(Path.Combine(Temp.Path, "rules"), Rules, Token);
        await File.WriteAllLinesAsync(Path.Combine(Temp.Path, "conf"), [
            "ext_ifname=wan", "listening_ip=lan", $"enable_natpmp={natPmp}", "enable_upnp=yes", "secure_mode=yes", "port=0",
            "uuid=00000000-0000-0000-0000-000000000000", "allow 1024-65535 10.77.0.0/24 1024-65535", "deny 0-65535 0.0.0.0/0 0-65535"], Token);
        string[] quiet = ["--no-dht", "--no-pex", "--no-lsd"];
        string seed = NetworkNamespace.Quote([.. TorrentPSProcess.Command, "seed", torrent.Path, "--data", source, "--port", "7007", "--map-port", .. quiet]);
        string handshake = NetworkNamespace.Quote([.. TorrentPSProcess.Command, "handshake", "--peer", "99.99.99.5:7007", "--info-hash", torrent.Info.InfoHash, "--timeout", "20"]);
        (int code, ExternalProcess process) = await NetworkNamespace.RunAsync(Temp.Path, SetUp
            + $"{NetworkNamespace.Quote(miniupnpd)} -d -f conf -P {NetworkNamespace.Quote(Path.Combine(Temp.Path, "miniupnpd.pid"))} > miniupnpd.log 2>&1 &\n"
            + "until grep -q 'HTTP listening' miniupnpd.log; do sleep 0.1; done\n"
            + $"$home env --default-signal=INT TORRENTPS_DEBUG=1 {seed} > seed.log 2>&1 & seed=$!\n"
            + "until_mapped 2\n" // TCP and UDP
            + $"$world {handshake} > handshake.log 2>&1\n"
            + "kill -INT $seed; wait $seed || true\n"
            + "mapped > left.log; cat seed.log", isolated: true);
        string Read(string file) => File.Exists(Path.Combine(Temp.Path, file)) ? File.ReadAllText(Path.Combine(Temp.Path, file)) : "";
        Assert.True(code == 0, $"{process.Report}\n{Read("miniupnpd.log")}\n{Read("seed.log")}");
        Assert.Contains("Succeeded", Read("handshake.log"));
        Assert.Contains($"the {protocol} gateway 10.77.0.1 passes TCP and UDP port 7007 of 99.99.99.5 on to port 7007", Read("seed.log"));
        Assert.Equal("0", Read("left.log").Trim());
    }
}
