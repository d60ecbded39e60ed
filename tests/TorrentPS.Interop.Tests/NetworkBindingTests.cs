using System.Globalization;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>Two networks, one with the default route: when bound to the other, nothing is sent over it, whatever a torrent contains.</summary>
public sealed class NetworkBindingTests : InteropTest
{
    // The router of the first network has a made-up hardware address, so that packets to it are really sent.
    private const string SetUp = """
        set -e
        echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6
        ip route del 224.0.0.0/4 dev lo
        for name in home tunnel; do ip link add $name type veth peer name ${name}1; ip link set $name up; ip link set ${name}1 up; done
        ip addr add 10.1.0.1/24 dev home; ip neigh add 10.1.0.2 lladdr 02:00:00:00:00:01 dev home; ip route add default via 10.1.0.2 dev home
        ip addr add 10.2.0.1/24 dev tunnel
        sent() { grep "$1:" /proc/net/dev | tr ':' ' ' | awk '{print $11}'; }
        export TORRENTPS_DHT_NODES=10.9.9.6:6881 TORRENTPS_STATE=state TORRENTPS_ALLOW_PRIVATE_TRACKERS=1

        """;

    [Fact(Timeout = Limits.Test)]
    public async Task Nothing_leaves_by_another_interface()
    {
        Payload payload = Payload.SingleFile("payload.bin", 100_000);
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, 32 << 10, "http://10.9.9.9/announce", "udp://10.9.9.8:80/announce");
        string Download(params string[] more) => NetworkNamespace.Quote(["env", .. TorrentPSProcess.Command, "download", torrent.Path, "-o", Temp.Folder(Guid.NewGuid().ToString("n")), "--peer", "10.9.9.7:6881", "--map-port", "--timeout", "6", .. more]);
        (int code, ExternalProcess process) = await NetworkNamespace.RunAsync(Temp.Path, SetUp
            + $"{Download("--bind", "tunnel")} > bound.log 2>&1 || true\n"
            + "echo $(sent home) $(sent tunnel)\n"
            + $"{Download()} > free.log 2>&1 || true\n"
            + "echo $(sent home) $(sent tunnel)\n", isolated: true);
        Assert.True(code == 0, process.Report);
        int[][] sent = [.. process.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => Array.ConvertAll(line.Split(' '), count => int.Parse(count, CultureInfo.InvariantCulture)))];
        Assert.Equal(0, sent[0][0]);
        Assert.True(sent[1][0] > 5, process.Report); // without the binding, all of it does
        Assert.True(sent[0][1] > 0, process.Report);
    }
}
