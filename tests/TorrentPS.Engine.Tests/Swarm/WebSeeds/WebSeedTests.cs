using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Swarm.WebSeeds;

public sealed class WebSeedTests
{
    private const int PieceLength = 65536;

    private static readonly Sample s_single = Sample.Build(PieceLength, 3, null, ("single file.bin", 40 * PieceLength - 777));
    private static readonly Sample s_files = Sample.Build(PieceLength, 4, null, ("a/first", 200_000), ("a/größe #1 & 100%.bin", 300_000), ("empty", 0), ("b/last", 123_457));

    private static Torrent With(Sample sample, params Uri[] seeds)
    {
        byte[] bytes = sample.Torrent.ToBytes().ToArray();
        string list = string.Concat(seeds.Select(seed => $"{seed.OriginalString.Length}:{seed.OriginalString}"));
        return Torrent.Parse((byte[])[.. bytes[..^1], .. Encoding.ASCII.GetBytes($"8:url-listl{list}ee")]);
    }

    private static Torrent WithPieces(Sample sample, Uri seed)
    {
        byte[] bytes = sample.Torrent.ToBytes().ToArray();
        int info = bytes.AsSpan().IndexOf("4:info"u8);
        return Torrent.Parse((byte[])[.. bytes[..info], .. Encoding.ASCII.GetBytes($"9:httpseedsl{seed.OriginalString.Length}:{seed.OriginalString}e"), .. bytes[info..]]);
    }

    private static async Task<TorrentDownload> CompleteAsync(Sample sample, SwarmMember leecher)
    {
        TorrentDownload result = await leecher.EndAsync();
        Assert.True(result.State == TorrentState.Completed, $"{result.State} {result.Error}\n{leecher.LogText}");
        foreach (TorrentFile file in sample.Torrent.Files)
            Assert.True(sample.File(file.Index).SequenceEqual(SharedFile.ReadAllBytes(Path.Join(leecher.Destination, file.Path))), file.Path);
        return result;
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task One_file_comes_from_a_web_seed_alone(bool chunked, bool closes)
    {
        using WebSeedServer server = new(s_single) { IsChunked = chunked, ClosesEachTime = closes };
        await using SwarmMember leecher = SwarmMember.Download(With(s_single, server.Root), null, []);
        TorrentDownload result = await CompleteAsync(s_single, leecher);
        Assert.Equal(s_single.Torrent.Length, result.Downloaded - result.Wasted);
        Assert.All(server.Requests, request => Assert.Equal("/single%20file.bin", request.Target));
        if (!closes)
            Assert.InRange(server.Connections, 1, 4);
    }

    [Fact]
    public async Task An_address_without_a_final_slash_is_the_file_itself()
    {
        using WebSeedServer server = new(s_single);
        await using SwarmMember leecher = SwarmMember.Download(With(s_single, new Uri(server.Root, "mirror/single%20file.bin")), null, []);
        await CompleteAsync(s_single, leecher);
        Assert.All(server.Requests, request => Assert.Equal("/mirror/single%20file.bin", request.Target));
    }

    [Theory]
    [InlineData("pub")]
    [InlineData("pub/")]
    public async Task Many_files_are_fetched_by_name(string folder)
    {
        using WebSeedServer server = new(s_files);
        await using SwarmMember leecher = SwarmMember.Download(With(s_files, new Uri(server.Root, folder)), null, []);
        TorrentDownload result = await CompleteAsync(s_files, leecher);
        Assert.Equal(s_files.Torrent.Length, result.Downloaded - result.Wasted); // the last blocks may be requested twice
        Assert.Equal(["/pub/T/a/first", "/pub/T/a/gr%C3%B6%C3%9Fe%20%231%20%26%20100%25.bin", "/pub/T/b/last"], server.Requests.Select(request => request.Target).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Unwanted_files_are_not_requested()
    {
        using WebSeedServer server = new(s_files);
        await using SwarmMember leecher = SwarmMember.Download(With(s_files, server.Root), null, [], options => options with { Include = ["*/last"] });
        Assert.Equal(TorrentState.Completed, (await leecher.EndAsync()).State);
        Assert.DoesNotContain(server.Requests, request => request.Target.EndsWith("first", StringComparison.Ordinal));
        Assert.True(server.Requests.Where(request => request.Target.EndsWith(".bin", StringComparison.Ordinal)).Sum(request => request.Last - request.First + 1) < PieceLength); // the bytes of the piece that both files share
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_that_ignores_ranges_works(bool hasOneFile)
    {
        Sample sample = hasOneFile ? s_single : s_files;
        using WebSeedServer server = new(sample) { IgnoresRanges = true };
        await using SwarmMember leecher = SwarmMember.Download(With(sample, server.Root), null, []);
        await CompleteAsync(sample, leecher);
    }

    [Fact]
    public async Task A_web_seed_that_sends_bad_data_is_banned()
    {
        using WebSeedServer bad = new(s_single) { Change = bytes => [.. bytes.Select(value => (byte)(value + 1))] };
        using WebSeedServer good = new(s_single);
        await using SwarmMember leecher = SwarmMember.Download(With(s_single, bad.Root, good.Root), null, []);
        await CompleteAsync(s_single, leecher);
        Assert.Contains($"Web seed {bad.Root} is banned", leecher.LogText, StringComparison.Ordinal);
        Assert.DoesNotContain($"Web seed {good.Root} is banned", leecher.LogText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Peers_and_web_seeds_share_the_work()
    {
        using CountdownEvent both = new(2);
        int ofWeb = 0, ofPeer = 0;
        void Together(ref int asked)
        {
            if (Interlocked.Increment(ref asked) == 1)
                both.Signal();
            both.Wait(TimeSpan.FromMinutes(5)); // neither sends before both have a request
        }

        using WebSeedServer server = new(s_single)
        {
            Change = bytes =>
            {
                Together(ref ofWeb);
                return bytes;
            },
        };
        using ScriptedSeed peer = new(s_single)
        {
            Answer = (_, data) =>
            {
                Together(ref ofPeer);
                return data;
            },
        };
        await using SwarmMember leecher = SwarmMember.Download(With(s_single, server.Root), null, [peer.EndPoint]);
        await CompleteAsync(s_single, leecher);
        Assert.NotEmpty(peer.Requests);
        Assert.NotEmpty(server.Requests);
    }

    [Fact]
    public async Task Blocks_that_a_silent_web_seed_owes_come_from_a_peer()
    {
        using ManualResetEventSlim silence = new();
        using WebSeedServer server = new(s_single)
        {
            Change = bytes =>
            {
                silence.Wait(TimeSpan.FromMinutes(5));
                return bytes;
            },
        };
        using ScriptedSeed peer = new(s_single);
        await using SwarmMember leecher = SwarmMember.Download(With(s_single, server.Root), null, [peer.EndPoint]);
        await CompleteAsync(s_single, leecher);
        silence.Set();
    }

    [Fact]
    public async Task A_reply_whose_data_has_come_from_others_is_cut_off()
    {
        using WebSeedServer server = new(s_single)
        {
            StallsAfter = 3 * 16384,
            Answer = (number, _) => number == 1 ? null : "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n",
        };
        // The last piece, which the first request does not cover, is sent only after that request was cut; and nothing before the server has a request.
        using ScriptedSeed peer = new(s_single) { Begin = server.Asked, Delay = block => block.Piece == s_single.Torrent.PieceCount - 1 ? server.Cut : Task.CompletedTask };
        FakeTimeProvider time = new();
        await using SwarmMember leecher = SwarmMember.Download(With(s_single, server.Root), null, [peer.EndPoint], client: new TorrentClientOptions { TimeProvider = time });
        // Not so long that the server is blamed for delays of this machine.
        await time.UntilAsync(() => server.Cut.IsCompleted, 0.02, atMost: 10, () => leecher.LogText);
        TorrentDownload result = await leecher.EndAsync(time);
        Assert.True(result.State == TorrentState.Completed, $"{result.State} {result.Error}\n{leecher.LogText}");
        Assert.True(server.Cut.IsCompletedSuccessfully);
        Assert.Equal(result.Downloaded, result.Wasted + s_single.Torrent.Length);
        Assert.DoesNotContain("no data came", leecher.LogText, StringComparison.Ordinal); // it is not blamed
    }

    [Fact]
    public async Task Redirects_are_followed_and_remembered()
    {
        using WebSeedServer target = new(s_single);
        using WebSeedServer server = new(s_single) { Answer = (_, _) => $"HTTP/1.1 302 Found\r\nLocation: {target.Root}elsewhere/single%20file.bin\r\nContent-Length: 0\r\n\r\n" };
        await using SwarmMember leecher = SwarmMember.Download(With(s_single, server.Root), null, []);
        await CompleteAsync(s_single, leecher);
        Assert.InRange(server.Requests.Count, 1, 4);
        Assert.All(target.Requests, request => Assert.Equal("/elsewhere/single%20file.bin", request.Target));
    }

    [Theory]
    [InlineData("429 Too Many Requests\r\nRetry-After: 1")]
    [InlineData("503 Service Unavailable\r\nRetry-After: Thu, 01 Jan 2004 00:00:00 GMT")]
    public async Task A_busy_server_is_asked_again_when_it_says(string status)
    {
        using WebSeedServer server = new(s_single) { Answer = (number, _) => number == 1 ? $"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n" : null };
        FakeTimeProvider time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using SwarmMember leecher = SwarmMember.Download(With(s_single, server.Root), null, [], client: new TorrentClientOptions { TimeProvider = time });
        await leecher.EndAsync(time);
        await CompleteAsync(s_single, leecher);
        Assert.InRange(server.Connections, 1, 2); // an overloaded server gets no more connections
    }

    [Theory]
    [InlineData("404 Not Found")]
    [InlineData("403 Forbidden")]
    [InlineData("416 Range Not Satisfiable")]
    [InlineData("206 Partial Content\r\nContent-Range: bytes 7-8/9")]
    [InlineData("200 OK\r\nContent-Encoding: gzip")]
    public async Task A_web_seed_without_the_file_is_given_up(string status)
    {
        using WebSeedServer server = new(s_single) { Answer = (_, _) => $"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n" };
        using ScriptedSeed peer = new(s_single);
        await using SwarmMember leecher = SwarmMember.Download(With(s_single, server.Root), null, [peer.EndPoint]);
        await CompleteAsync(s_single, leecher);
        Assert.InRange(server.Requests.Count, 0, 1);
    }

    [Fact]
    public async Task A_web_seed_without_one_of_the_files_sends_the_others()
    {
        using WebSeedServer server = new(s_files) { Answer = (_, target) => target.EndsWith("first", StringComparison.Ordinal) ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" : null };
        await using SwarmMember leecher = SwarmMember.Download(With(s_files, server.Root), null, []);
        await leecher.UntilAsync(status => status.BytesCompleted == s_files.Torrent.Length - 4 * PieceLength); // without the four pieces that are partly in it
        using ScriptedSeed peer = new(s_files);
        await leecher.StopAsync();
        Assert.Equal(1, server.Requests.Count(request => request.Target.EndsWith("first", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_local_web_seed_gets_no_query()
    {
        using WebSeedServer server = new(s_single);
        using ScriptedSeed peer = new(s_single);
        await using SwarmMember leecher = SwarmMember.Download(With(s_single, new Uri(server.Root, "delete?everything=1")), null, [peer.EndPoint]);
        await CompleteAsync(s_single, leecher);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task When_the_only_source_is_unusable_the_result_says_why()
    {
        using WebSeedServer server = new(s_single) { Answer = (_, _) => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" };
        FakeTimeProvider time = new();
        await using SwarmMember leecher = SwarmMember.Download(With(s_single, server.Root), null, [], client: new TorrentClientOptions { TimeProvider = time });
        await leecher.LogsAsync("it is asked no more", time);
        TorrentDownload result = await leecher.EndAsync(time);
        Assert.Equal((TorrentState.Failed, TorrentErrorId.NoPeers), (result.State, result.ErrorId));
        Assert.Contains("404", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1", -1, 1, true, "its certificate is signed by itself, or by an authority that this system does not trust")]
    [InlineData("127.0.0.1", -1, 1, false, "its certificate is signed by itself, or by an authority that this system does not trust")]
    [InlineData("seeds.example", -1, 1, true, "its certificate is not for '127.0.0.1'")]
    [InlineData("127.0.0.1", -9, -1, false, "its certificate, or one that vouches for it, has expired or is not valid yet")]
    [InlineData("127.0.0.1", 3, 9, false, "its certificate, or one that vouches for it, has expired or is not valid yet")]
    public async Task A_secure_web_seed_with_an_untrusted_certificate_is_refused(string address, int from, int to, bool isSelfSigned, string reason)
    {
        using WebSeedServer server = new(s_single);
        using TlsFront front = new(server.Port, TlsFront.Certificate(address, (from, to), isSelfSigned));
        FakeTimeProvider time = new();
        await using SwarmMember leecher = SwarmMember.Download(With(s_single, front.Root), null, [], client: new TorrentClientOptions { TimeProvider = time });
        await leecher.LogsAsync("it is asked no more", time);
        TorrentDownload result = await leecher.EndAsync(time);
        Assert.Equal((TorrentState.Failed, TorrentErrorId.NoPeers), (result.State, result.ErrorId));
        Assert.Contains($"{front.Root}: the secure connection failed: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(reason, result.Error, StringComparison.Ordinal);
        Assert.Empty(server.Requests); // it got no request
    }

    [Theory]
    [InlineData(250_000, 0)]
    [InlineData(0, 250_000)]
    public async Task The_download_limit_holds_for_web_seeds(long ofTorrent, long ofClient)
    {
        using WebSeedServer server = new(s_single);
        FakeTimeProvider time = new();
        TorrentClientOptions client = new() { TimeProvider = time, DownloadLimit = ofClient > 0 ? new RateLimit(ofClient, time) : null };
        await using SwarmMember leecher = SwarmMember.Download(With(s_single, server.Root), null, [], options => options with { DownloadLimit = ofTorrent }, client);
        TorrentDownload result = await leecher.EndAsync(time, atMost: 60, step: 0.02);
        Assert.True(result.State == TorrentState.Completed, $"{result.State} {result.Error}\n{leecher.LogText}");
        double ideal = result.Downloaded / 250_000.0;
        Assert.True(result.Elapsed.TotalSeconds >= 0.95 * ideal, $"{result.Elapsed}"); // never sooner; how much later is the machine's
    }

    [Fact]
    public async Task Without_web_seeds_none_is_asked()
    {
        using WebSeedServer server = new(s_single);
        using ScriptedSeed peer = new(s_single);
        await using SwarmMember leecher = SwarmMember.Download(With(s_single, server.Root), null, [peer.EndPoint], options => options with { UseWebSeeds = false });
        await CompleteAsync(s_single, leecher);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Web_seeds_of_the_user_are_used_with_or_without_those_of_the_torrent(bool usesOthers)
    {
        using WebSeedServer given = new(s_single);
        using WebSeedServer own = new(s_single) { Change = bytes => [.. bytes.Select(value => (byte)(value + 1))] };
        await using SwarmMember leecher = SwarmMember.Download(With(s_single, own.Root), null, [], options => options with { UseWebSeeds = usesOthers, WebSeeds = [given.Root] });
        await CompleteAsync(s_single, leecher);
        Assert.NotEmpty(given.Requests);
        if (!usesOthers)
            Assert.Empty(own.Requests);
    }

    [Fact]
    public async Task A_web_seed_of_the_user_is_used_with_a_magnet_link()
    {
        Sample sample = Sample.Build(PieceLength, 5, null, ("one.bin", 500_000));
        using WebSeedServer server = new(sample);
        await using SwarmMember seed = await SwarmMember.SeedAsync(sample, change: options => options with { UploadLimit = 1024 });
        await using SwarmMember leecher = SwarmMember.Download(Torrent.FromLink(MagnetLink.FromTorrent(sample.Torrent)), null, [seed.EndPoint], options => options with { WebSeeds = [server.Root] });
        Assert.Equal(TorrentState.Completed, (await leecher.EndAsync()).State);
        Assert.NotEmpty(server.Requests);
    }

    /// <summary>Waiting web seeds neither stall the download nor make it fail.</summary>
    [Fact]
    public async Task Web_seeds_wait_for_peers_and_without_any_send_everything()
    {
        using WebSeedServer server = new(s_single);
        FakeTimeProvider time = new();
        await using SwarmMember leecher = SwarmMember.Download(With(s_single, server.Root), null, [], options => options with { WebSeedDelay = TimeSpan.FromSeconds(100), StallTimeout = TimeSpan.FromSeconds(20), Sources = [PeerSource.Manual] }, new TorrentClientOptions { TimeProvider = time });
        await leecher.ListensAsync();
        for (int i = 0; i < 95; i++)
            await leecher.PassAsync(time, 1);
        Assert.False(leecher.Result.IsCompleted, leecher.LogText);
        Assert.Empty(server.Requests);
        TorrentDownload result = await leecher.EndAsync(time);
        Assert.True(result.State == TorrentState.Completed, $"{result.State} {result.Error}\n{leecher.LogText}");
        Assert.InRange(result.Elapsed.TotalSeconds, 100, 300);
    }

    [Fact]
    public async Task Waiting_web_seeds_get_no_requests_for_data_that_peers_send_in_time()
    {
        using WebSeedServer server = new(s_single);
        using ScriptedSeed peer = new(s_single);
        await using SwarmMember leecher = SwarmMember.Download(With(s_single, server.Root), null, [peer.EndPoint], options => options with { WebSeedDelay = TimeSpan.FromHours(1) });
        await CompleteAsync(s_single, leecher);
        Assert.Empty(server.Requests);
    }

    private static readonly TorrentClientOptions s_far = new() { ReachOf = _ => AddressReach.World }; // as if the server were in the Internet

    [Fact]
    public async Task Pieces_are_fetched_by_index()
    {
        using WebSeedServer server = new(s_files) { Answer = (number, _) => number == 1 ? "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 1\r\n\r\n1" : null };
        FakeTimeProvider time = new();
        await using SwarmMember leecher = SwarmMember.Download(WithPieces(s_files, new Uri(server.Root, "seed.php")), null, [], client: s_far with { TimeProvider = time });
        await leecher.EndAsync(time);
        await CompleteAsync(s_files, leecher);
        Assert.All(server.Requests, request => Assert.StartsWith("/seed.php?info_hash=", request.Target, StringComparison.Ordinal));
        Assert.Equal(Enumerable.Range(0, s_files.Torrent.PieceCount), server.Requests.Skip(1).Select(request => int.Parse(request.Target.Split("&piece=")[1], null)).Order());
    }

    /// <summary>IPv4 addresses count as Internet here, so that both are on this machine.</summary>
    [Fact]
    public async Task A_web_seed_in_the_Internet_may_not_redirect_into_the_local_network_at_the_first_try_or_later()
    {
        if (!Socket.OSSupportsIPv6)
            Assert.Skip("IPv6 is not enabled on this machine: enable it, at least on the loopback interface.");
        using WebSeedServer target = new(s_single, IPAddress.IPv6Loopback);
        using WebSeedServer server = new(s_single) { Answer = (_, _) => $"HTTP/1.1 302 Found\r\nLocation: {target.Root}single%20file.bin\r\nContent-Length: 0\r\n\r\n" };
        FakeTimeProvider time = new();
        TorrentClientOptions client = new() { TimeProvider = time, ReachOf = address => address.AddressFamily == AddressFamily.InterNetwork ? AddressReach.World : AddressReach.Machine };
        using ScriptedSeed silent = new(s_single) { Begin = new TaskCompletionSource().Task }; // a connected peer, without which the download would fail with NoPeers
        await using SwarmMember leecher = SwarmMember.Download(With(s_single, server.Root), null, [silent.EndPoint], client: client);
        await leecher.LogsAsync("it redirects from the Internet into the local network", time);
        for (int i = 0; i < 60; i++)
            await leecher.PassAsync(time, 0.5);
        await leecher.StopAsync();
        Assert.Empty(target.Requests);
    }

    [Fact]
    public void Web_seeds_for_pieces_are_read_from_the_torrent() =>
        Assert.Equal([new Uri("http://192.0.2.1/seed.php")], WithPieces(s_single, new Uri("http://192.0.2.1/seed.php")).HttpSeeds);
}
