using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using TorrentPS.Cli.Commands;
using TorrentPS.Engine.Swarm;

namespace TorrentPS.Cli.Tests;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("x.torrent")]
    [InlineData("-o dir x.torrent")]
    [InlineData("--quiet x.torrent")]
    [InlineData("https://example.org/x")]
    [InlineData("magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567")]
    public void A_SOURCE_alone_is_a_download(string line)
    {
        ParseResult result = Parse(line);
        Assert.Empty(result.Errors);
        Assert.Equal("download", result.CommandResult.Command.Name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("inof x.torrent")]
    [InlineData("download")]
    [InlineData("download a b")]
    [InlineData("download x --timeout 0")]
    [InlineData("download x --timeout soon")]
    [InlineData("download x --port 65536")]
    [InlineData("download x --max-peers 0")]
    [InlineData("download x --download-limit fast")]
    [InlineData("download x --encryption maybe")]
    [InlineData("download x --encryption 1")]
    [InlineData("download x --peer 192.0.2.1")]
    [InlineData("download x --seed-ratio -1")]
    [InlineData("download x --unknown")]
    [InlineData("download x --bind 203.0.113.77")]
    [InlineData("seed x --bind 0.0.0.0")]
    [InlineData("peers x --bind nowhere9")]
    [InlineData("handshake x --bind nowhere9")]
    [InlineData("info x --bind nowhere9")]
    [InlineData("verify x --data . --bind nowhere9")]
    [InlineData("download x --ip-filter /nowhere/list.p2p")]
    [InlineData("seed x --ip-filter /nowhere/list.p2p")]
    [InlineData("peers x --ip-filter /nowhere/list.p2p")]
    [InlineData("handshake x --ip-filter /nowhere/list.p2p")]
    [InlineData("info")]
    [InlineData("info x --timeout 5")]
    [InlineData("peers x --tracker nowhere")]
    [InlineData("handshake")]
    [InlineData("handshake --peer 192.0.2.1:6881")]
    [InlineData("handshake --info-hash 0123456789abcdef0123456789abcdef01234567")]
    [InlineData("handshake --peer 192.0.2.1:6881 --info-hash 0123")]
    [InlineData("seed")]
    [InlineData("create")]
    [InlineData("create x --piece-length 1000")]
    [InlineData("create x --version v3")]
    [InlineData("tracker --address here")]
    [InlineData("tracker --no-http --no-udp")]
    [InlineData("tracker --interval 0")]
    [InlineData("download x --tracker here")]
    [InlineData("seed x --tracker wss://tracker.example")]
    [InlineData("demo x")]
    public async Task A_wrong_command_line_ends_with_2_and_an_explanation(string line)
    {
        (int code, string output, string error) = await RecordingTerminal.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.NotEmpty(error);
    }

    /// <summary>As from an empty variable of a script: no path, address or pattern is empty.</summary>
    [Theory]
    [InlineData("info", "SOURCE")]
    [InlineData("download", "SOURCE")]
    [InlineData("download x -o", "--output")]
    [InlineData("download x --include a --include", "--include")]
    [InlineData("seed x --data", "--data")]
    [InlineData("verify x --data", "--data")]
    [InlineData("create", "PATH")]
    [InlineData("create x --name", "--name")]
    public async Task An_empty_value_is_refused(string line, string name)
    {
        (int code, string output, string error) = await RecordingTerminal.RunAsync([.. line.Split(' '), ""]);
        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith($"torrentps: The value of {name} is empty.\n", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_comment_may_be_empty() => Assert.NotEqual(2, (await RecordingTerminal.RunAsync("create", "/nowhere/at/all", "--comment", "")).Code);

    [Theory]
    [InlineData("download x -o dir --peer 192.0.2.1:1 --peer [2001:db8::1]:2 --port 0 --max-peers 7 --include *.iso --exclude *.txt --sequential --download-limit 5MB --upload-limit 1MiB --seed-ratio 1.5 --seed-seconds 0 --timeout 30 --stall-timeout 10 --recheck --no-dht --no-pex --no-lsd --allow-private-tracker --encryption Require --json --quiet")]
    [InlineData("download x -o dir --port 7005 --no-dht --no-pex --no-lsd --encryption off --timeout 120 --quiet")]
    [InlineData("seed x --data dir --port 7005 --timeout 120")]
    [InlineData("seed x --data dir --port 1 --peer host:1 --max-peers 7 --upload-limit 1MiB --seed-ratio 2 --timeout 1 --encryption prefer --no-dht --no-pex --no-lsd --json")]
    [InlineData("info x y --json")]
    [InlineData("peers x --json --timeout 3 --tracker http://tracker.example/announce")]
    [InlineData("handshake x --json --timeout 3")]
    [InlineData("handshake x --peer 192.0.2.1:6881")]
    [InlineData("handshake --peer 192.0.2.1:6881 --info-hash 0123456789abcdef0123456789abcdef01234567")]
    [InlineData("create x -o x.torrent --tracker http://a.example/announce --tracker udp://b.example:1 --piece-length 1MiB --private --comment text --version hybrid --web-seed http://c.example/ --json")]
    [InlineData("tracker --address 127.0.0.1 --port 0")]
    [InlineData("tracker --interval 60 --allow 0123456789abcdef0123456789abcdef01234567 --allow x.torrent --no-udp")]
    [InlineData("demo")]
    public void Documented_command_lines_are_understood(string line) => Assert.Empty(Parse(line).Errors);

    [Fact]
    public void Download_options_reach_the_engine()
    {
        DownloadOptions options = Options("x -o dir --peer 192.0.2.1:1 --peer [2001:db8::1]:2 --peer peer.example:3 --max-peers 7 --include a --include b --exclude c --sequential "
            + "--download-limit 5MB --upload-limit 1MiB --seed-ratio 1.5 --seed-seconds 0 --timeout 30 --stall-timeout 10 --recheck --no-dht --no-lsd");
        Assert.Equal(Path.GetFullPath("dir"), options.Destination);
        Assert.Equal([IPEndPoint.Parse("192.0.2.1:1"), IPEndPoint.Parse("[2001:db8::1]:2")], options.Peers);
        Assert.Equal([new DnsEndPoint("peer.example", 3)], options.PeerNames); // resolved while it runs
        Assert.Equal(7, options.MaxPeers);
        Assert.Equal(["a", "b"], options.Include);
        Assert.Equal(["c"], options.Exclude);
        Assert.True(options.Sequential);
        Assert.Equal(5 << 20, options.DownloadLimit);
        Assert.Equal(1 << 20, options.UploadLimit);
        Assert.Equal(1.5, options.SeedRatio);
        Assert.Equal(TimeSpan.Zero, options.SeedTime);
        Assert.Equal(TimeSpan.FromSeconds(30), options.Timeout);
        Assert.Equal(TimeSpan.FromSeconds(10), options.StallTimeout);
        Assert.True(options.Recheck);
        Assert.NotNull(options.Sources);
        Assert.Equal([PeerSource.Tracker, PeerSource.PeerExchange, PeerSource.Manual], options.Sources.Order());
    }

    [Fact]
    public void Without_options_a_download_has_the_engines_defaults()
    {
        DownloadOptions options = Options("x");
        var defaults = new DownloadOptions { Destination = Directory.GetCurrentDirectory() };
        Assert.Equal(defaults with { Peers = options.Peers, Include = options.Include, Exclude = options.Exclude, ReuseFrom = options.ReuseFrom, WebSeeds = options.WebSeeds, PeerNames = options.PeerNames, OnError = options.OnError, OnWarning = options.OnWarning }, options);
        Assert.Empty(options.Peers);
        Assert.Empty(options.PeerNames);
        Assert.Empty(options.Include);
        Assert.Empty(options.Exclude);
        Assert.Empty(options.ReuseFrom);
        Assert.Empty(options.WebSeeds);
    }

    [Fact]
    public void Web_seeds_of_the_command_and_local_peers_reach_the_engine()
    {
        DownloadOptions options = Options("x --web-seed http://10.0.0.5/a --web-seed https://mirror.example/b/ --web-seed-delay 30 --no-web-seeds --limit-local-peers");
        Assert.Equal(["http://10.0.0.5/a", "https://mirror.example/b/"], options.WebSeeds.Select(uri => uri.OriginalString));
        Assert.Equal((TimeSpan.FromSeconds(30), false, true), (options.WebSeedDelay, options.UseWebSeeds, options.LimitLocalPeers));
    }

    [Fact]
    public void A_download_stays_for_half_a_minute_or_as_long_as_is_said()
    {
        Assert.Equal(TimeSpan.FromSeconds(30), Options("x").StayTime);
        Assert.Equal(TimeSpan.Zero, Options("x --stay-seconds 0").StayTime);
    }

    [Fact]
    public async Task Help_and_version_go_to_standard_output()
    {
        Assert.StartsWith("0.1.0", (await RecordingTerminal.RunAsync("--version")).Out, StringComparison.Ordinal);
        (int code, string output, string error) = await RecordingTerminal.RunAsync("--help");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("handshake", output, StringComparison.Ordinal);
    }

    private static ParseResult Parse(string line) => CommandTree.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), new RecordingTerminal());

    private static DownloadOptions Options(string line)
    {
        var command = new Command("download");
        var download = new DownloadCommand(new RecordingTerminal(), command);
        ParseResult result = command.Parse(line.Split(' '));
        Assert.Empty(result.Errors);
        return download.Options(result);
    }
}
