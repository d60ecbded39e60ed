using System.Net;
using TorrentPS.Cli.Output;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Cli.Tests;

public class TrackerCommandTests
{
    private static readonly InfoHash s_hash = InfoHash.Create(new byte[20]);

    [Theory]
    [InlineData(AnnounceEvent.Started, 0L, false, "192.0.2.7:6881           seeds     0000000000000000000000000000000000000000 http")]
    [InlineData(AnnounceEvent.Started, 5L, true, "192.0.2.7:6881           started   0000000000000000000000000000000000000000 udp")]
    [InlineData(AnnounceEvent.Completed, 0L, true, "192.0.2.7:6881           completed 0000000000000000000000000000000000000000 udp")]
    [InlineData(AnnounceEvent.Stopped, 0L, false, "192.0.2.7:6881           stopped   0000000000000000000000000000000000000000 http")]
    public void An_announce_is_a_line(AnnounceEvent announceEvent, long left, bool isUdp, string expected) =>
        Assert.Equal(expected, TrackerLog.Describe(Announce(announceEvent, left, isUdp)));

    [Fact]
    public async Task Many_announces_at_once_do_not_flood_the_terminal()
    {
        using var terminal = new RecordingTerminal();
        await using (var log = new TrackerLog(terminal))
        {
            for (int i = 0; i < 1000; i++)
                log.Add(Announce(i % 2 == 0 ? AnnounceEvent.Started : AnnounceEvent.None, 5, true));
        }
        Assert.InRange(terminal.ErrorText.Count(character => character == '\n'), 1, 100);
    }

    [Fact]
    public async Task It_serves_allowed_torrents_until_it_is_stopped()
    {
        IPEndPoint endPoint;
        await using (TrackerServer free = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0)))
            endPoint = free.EndPoint;
        using var terminal = new RecordingTerminal();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task<int> run = CommandTree.RunAsync(["tracker", "--address", "127.0.0.1", "--port", $"{endPoint.Port}", "--allow", s_hash.ToString()], terminal, stop.Token);
        string announce = $"http://{endPoint}/announce";
        using var http = new HttpClient();
        string served = await GetAsync(http, $"{announce}?info_hash={string.Concat(Enumerable.Repeat("%00", 20))}&peer_id=-XX0000-123456789012&port=7001&left=0&event=started");
        Assert.Contains("8:completei1e", served, StringComparison.Ordinal);
        string refused = await GetAsync(http, $"{announce}?info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=-XX0000-123456789012&port=7001");
        Assert.Contains("not served here", refused, StringComparison.Ordinal);
        await stop.CancelAsync();
        Assert.Equal(130, await run);
        Assert.Equal($"http://{endPoint}/announce\nudp://{endPoint}/announce\n", terminal.OutText);
        Assert.Contains("Answered 1 announce; 1 peer of 1 torrent at the end", terminal.ErrorText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_machines_of_a_swarm_are_listed_and_waited_for()
    {
        await using TrackerServer tracker = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0));
        using var http = new HttpClient();
        await GetAsync(http, $"{tracker.AnnounceUri}?info_hash={string.Concat(Enumerable.Repeat("%00", 20))}&peer_id=-TP0100-123456789012&port=7001&left=0&event=started");
        string magnet = $"magnet:?xt=urn:btih:{s_hash}";
        (int code, string output, string error) = await RecordingTerminal.RunAsync("swarm", magnet, "--tracker", tracker.AnnounceUri.ToString(), "--json");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("\"EndPoint\":\"127.0.0.1:7001\"", output, StringComparison.Ordinal);
        Assert.Contains("\"IsComplete\":true", output, StringComparison.Ordinal);
        (code, output, error) = await RecordingTerminal.RunAsync("swarm", magnet, "--tracker", tracker.AnnounceUri.ToString(), "--until", "2", "--timeout", "0.1");
        Assert.Equal(5, code);
        Assert.Contains("127.0.0.1:7001", output, StringComparison.Ordinal);
        Assert.Contains("1 of 2 machines had", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_reported()
    {
        await using TrackerServer other = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0));
        (int code, string output, string error) = await RecordingTerminal.RunAsync("tracker", "--address", "127.0.0.1", "--port", $"{other.EndPoint.Port}");
        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Contains($"Cannot listen on {other.EndPoint}", error, StringComparison.Ordinal);
    }

    // The command listens only some moments after its start.
    private static async Task<string> GetAsync(HttpClient http, string uri)
    {
        while (true)
        {
            try
            {
                return await http.GetStringAsync(new Uri(uri), TestContext.Current.CancellationToken);
            }
            catch (HttpRequestException)
            {
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }
        }
    }

    private static TrackerRequest Announce(AnnounceEvent announceEvent, long left, bool isUdp) =>
        new() { InfoHash = s_hash, PeerId = new byte[20], EndPoint = IPEndPoint.Parse("192.0.2.7:6881"), Event = announceEvent, Left = left, IsUdp = isUdp };
}
