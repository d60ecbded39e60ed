using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using TorrentPS.Engine.Wire;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests.Faults;

/// <summary>Faults of the network during a download: the network fails and returns, and so do all peers; more peers connect than files may be open.</summary>
public sealed class NetworkFaultTests : FaultTest
{
    private static readonly Payload s_payload = Payload.Folder("network", [("one.bin", 5_000_000), ("two.bin", 3_000_001)]);

    /// <summary>The seconds without network; <c>TORRENTPS_OUTAGE=60</c> for a whole minute.</summary>
    private static int Outage => int.TryParse(Environment.GetEnvironmentVariable("TORRENTPS_OUTAGE"), NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) ? seconds : 8;

    [Fact(Timeout = Limits.Test)]
    public async Task Without_a_network_it_stalls_and_recovers_by_itself()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength);
        string source = Source(s_payload);
        // One continues by itself; the other may not be without data for so long, reports that, and continues when it is run again.
        string script = $$"""
            {{Command("seed", torrent.Path, "--data", source, "--port", "20001", "--no-dht", "--no-pex", "--no-lsd")}} > seed.txt 2>&1 &
            {{Command(Get(torrent, "patient", "--port", "20002", "--download-limit", "900KB"))}} > patient.json 2> patient.txt & patient=$!
            {{Command(Get(torrent, "hasty", "--port", "20003", "--download-limit", "900KB", "--stall-timeout", "5"))}} > hasty.json 2> hasty.txt & hasty=$!
            until [ "$(du -s patient 2> /dev/null | cut -f1)" -gt 1500 -a "$(du -s hasty 2> /dev/null | cut -f1)" -gt 1500 ] 2> /dev/null; do sleep 0.1; done
            ip link set lo down; sleep {{Outage}}; kill -0 $patient || exit 21
            wait $hasty; code=$?; ip link set lo up; ip route replace local 127.0.0.0/8 dev lo table local 2> /dev/null
            [ $code = 6 ] || { cat hasty.*; exit 22; }
            wait $patient; code=$?; [ $code = 0 ] || { cat patient.*; exit 23; }
            {{Command(Get(torrent, "hasty", "--port", "20003"))}} > again.json 2> again.txt || { cat again.*; exit 24; }
            """;

        (int exitCode, ExternalProcess process) = await NetworkNamespace.RunAsync(Temp.Path, script, Limits.Transfer + TimeSpan.FromSeconds(Outage));

        Assert.True(exitCode == 0, process.Report);
        s_payload.AssertIn(Temp.File("patient"));
        s_payload.AssertIn(Temp.File("hasty"));
        Assert.Equal(("Stalled", "DownloadStalled"), State("hasty.json"));
        Assert.Equal(("Completed", null), State("patient.json"));
        Assert.Equal(("Completed", null), State("again.json"));
        Assert.True((double)Result("patient.json")["Elapsed"]! > Outage);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task All_peers_leave_and_come_back()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength);
        string source = Source(s_payload);
        int port;
        ExternalProcess process;
        await using (OwnPeer seeder = await OwnPeer.SeedAsync(torrent, source))
        {
            port = seeder.EndPoint.Port;
            process = await TorrentPSProcess.StartAsync(Temp.Path, Download(torrent, Target, seeder, "--download-limit", "1MB"));
            await UntilRightAsync(process, torrent, Target, 1_000_000);
        }

        await using (process)
        {
            long kept = RightBytes(torrent, Target);
            await Task.Delay(TimeSpan.FromSeconds(1), Token); // no peer for a while
            Assert.False(process.HasExited, process.Report);
            await using OwnPeer back = await OwnPeer.SeedAtAsync(port, torrent, source);
            JsonNode result = AssertEnded(process, await process.WaitForExitAsync(Limits.Transfer), 0, "Completed", null);
            s_payload.AssertIn(Target);
            // At most the incomplete pieces are lost with their sender.
            Assert.InRange((long)result["Downloaded"]!, s_payload.Length, s_payload.Length + kept);
        }
    }

    [Fact(Timeout = Limits.Test)]
    public async Task With_1024_open_files_a_download_of_many_files_from_more_peers_completes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The number of open files is limited and looked at as on Linux.");
        string prlimit = Installed.Require("prlimit", "util-linux");
        Payload payload = Payload.ManyFiles();
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, 32 << 10);
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, Source(payload));
        int port = Loopback.FreePort();
        string[] arguments = [.. Download(torrent, Target, seeder, "--max-peers", "2000", "--download-limit", "500KB").Select(argument => argument == "0" ? $"{port}" : argument)];
        await using ExternalProcess process = ExternalProcess.Start(prlimit, ["--nofile=1024:1024", "--", .. TorrentPSProcess.Command, .. arguments], Temp.Path);
        await process.UntilAsync(() => Loopback.ListensAsync(new IPEndPoint(IPAddress.Loopback, port)), Limits.Start, "it listens");
        using var crowd = new Crowd(torrent, port);
        int most = 0;
        while (!process.HasExited && crowd.Joined < 1300)
        {
            await crowd.JoinAsync(50);
            most = Math.Max(most, OpenFiles(process));
        }

        JsonNode result = AssertEnded(process, await process.WaitForExitAsync(Limits.Transfer), 0, "Completed", null);
        payload.AssertIn(Target);
        TestContext.Current.TestOutputHelper!.WriteLine($"{crowd.Joined} peers came, {crowd.Answered} were taken; {most} open files of 1024; {result["PeersSeen"]} peers seen");
        Assert.InRange(crowd.Answered, 300, 1000);
        Assert.True(crowd.Joined >= 1024, $"Only {crowd.Joined} peers came before the end.");
    }

    private static string[] Get(TestTorrent torrent, string folder, params string[] more) =>
        ["download", torrent.Path, "--output", folder, "--peer", "127.0.0.1:20001", "--no-dht", "--no-pex", "--no-lsd", "--json", .. more];

    private static string Command(params string[] arguments) => NetworkNamespace.Quote([.. TorrentPSProcess.Command, .. arguments]);

    private JsonNode Result(string file) => JsonNode.Parse(File.ReadAllText(Temp.File(file)))!;

    private (string?, string?) State(string file) => ((string?)Result(file)["State"], (string?)Result(file)["ErrorId"]);

    private static int OpenFiles(ExternalProcess process)
    {
        try
        {
            return Directory.GetFileSystemEntries($"/proc/{process.Id}/fd").Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return 0; // it has just ended
        }
    }

    /// <summary>Peers that connect, handshake, and then neither request nor have anything.</summary>
    private sealed class Crowd(TestTorrent torrent, int port) : IDisposable
    {
        private readonly List<Socket> _sockets = [];
        private int _answered;

        public int Joined => _sockets.Count;

        /// <summary>The number of peers that received a handshake.</summary>
        public int Answered => Volatile.Read(ref _answered);

        public async Task JoinAsync(int count) => await Task.WhenAll(Enumerable.Range(0, count).Select(_ => JoinAsync()));

        private async Task JoinAsync()
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            int number;
            lock (_sockets)
            {
                _sockets.Add(socket);
                number = _sockets.Count;
            }

            byte[] handshake = new byte[Handshake.Length];
            Handshake.Write(handshake, Convert.FromHexString(torrent.InfoHash), System.Text.Encoding.ASCII.GetBytes($"-XX0001-{number:000000000000}"), false);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, port).WaitAsync(Limits.Start);
                await socket.SendAsync(handshake);
                byte[] answer = new byte[Handshake.Length];
                if (await socket.ReceiveAsync(answer).WaitAsync(Limits.Start) > 0)
                    Interlocked.Increment(ref _answered);
            }
            catch (Exception e) when (e is SocketException or TimeoutException or ObjectDisposedException)
            {
                // Refused, as many must be.
            }
        }

        public void Dispose()
        {
            foreach (Socket socket in _sockets)
                socket.Dispose();
        }
    }
}
