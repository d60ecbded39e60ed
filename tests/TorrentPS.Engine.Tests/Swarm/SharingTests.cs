using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Several torrents in one client.</summary>
public sealed class SharingTests
{
    private static readonly Sample s_sample = Sample.Make(65536, 5, ("one.bin", 1_000_000));
    private static readonly Sample s_other = Sample.Make(32768, 6, ("two.bin", 1_000_000));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static DownloadOptions Into(TemporaryFolder folder, params IPEndPoint[] peers) => new() { Destination = folder.Path, Peers = peers };

    private static Task<TorrentDownload> Run(TorrentClient client, Sample sample, DownloadOptions options) =>
        client.DownloadAsync(new TorrentInfo(sample.Torrent), options, null, Token).WaitAsync(TimeSpan.FromMinutes(5), Token);

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static bool IsListening(int port)
    {
        try
        {
            using TcpClient client = new("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    [Fact]
    public async Task A_client_may_download_a_torrent_that_it_seeds()
    {
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample);
        using TemporaryFolder folder = new();
        TorrentDownload result = await Run(seed.Client, s_sample, Into(folder, seed.EndPoint));
        Assert.Equal((TorrentState.Completed, s_sample.Torrent.Length), (result.State, result.Downloaded));
        Assert.Equal(s_sample.Torrent.Length, (await seed.StopAsync()).Uploaded);
    }

    [Fact]
    public async Task A_seed_finds_its_data_without_a_folder()
    {
        Sample sample = Sample.Build(16384, 5, null, ("three.bin", 200_000));
        await using SwarmMember seed = await SwarmMember.SeedAsync(sample);
        using TemporaryFolder folder = new(), resolved = new();
        Assert.Equal(TorrentState.Completed, (await Run(seed.Client, sample, Into(folder))).State);
        TorrentInfo link = new(MagnetLink.Parse($"magnet:?xt=urn:btih:{sample.Torrent.InfoHash}"));
        TorrentDownload byLink = await seed.Client.DownloadAsync(link, Into(resolved), null, Token).WaitAsync(TimeSpan.FromMinutes(5), Token);
        Assert.True(byLink.State == TorrentState.Completed, $"{byLink.Error}\n{seed.LogText}");
    }

    [Fact]
    public async Task One_port_serves_all_torrents_and_is_closed_after_the_last()
    {
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample);
        int port = seed.Client.ListenPort;
        using TemporaryFolder data = new(), target = new();
        s_other.Lay(data.Path, 0);
        using CancellationTokenSource stop = new();
        Task<TorrentDownload> second = seed.Client.DownloadAsync(new TorrentInfo(s_other.Torrent), Into(data) with { SeedOnly = true }, null, stop.Token);
        await using TorrentClient leecher = new(new TorrentClientOptions { Port = 0 });
        TorrentDownload result = await Run(leecher, s_other, Into(target, new IPEndPoint(IPAddress.Loopback, port)));
        Assert.Equal(TorrentState.Completed, result.State);
        await seed.StopAsync();
        Assert.Equal(port, seed.Client.ListenPort);
        await stop.CancelAsync();
        await second;
        Assert.Equal(0, seed.Client.ListenPort);
        Assert.False(IsListening(port));
    }

    [Fact]
    public async Task A_torrent_may_have_its_own_port()
    {
        int port = FreePort();
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, change: options => options with { Port = port });
        Assert.Equal(port, seed.Client.ListenPort);
        using TemporaryFolder folder = new();
        await using TorrentClient leecher = new(new TorrentClientOptions { Port = 0 });
        // The second download of the same client shares it.
        Task<TorrentDownload> sharing = Run(seed.Client, s_sample, Into(folder, seed.EndPoint));
        Assert.Equal(TorrentState.Completed, (await sharing).State);

        using TcpListener taken = new(IPAddress.IPv6Any, 0);
        taken.Start();
        int takenPort = ((IPEndPoint)taken.LocalEndpoint).Port;
        using TemporaryFolder other = new();
        TorrentDownload result = await Run(leecher, s_sample, Into(other, seed.EndPoint) with { Port = takenPort });
        Assert.Equal(TorrentState.Failed, result.State);
        Assert.Contains($"{takenPort}", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(EncryptionMode.Require, EncryptionMode.Off)]
    [InlineData(EncryptionMode.Off, EncryptionMode.Require)]
    [InlineData(EncryptionMode.Require, EncryptionMode.Prefer)]
    public async Task Torrents_of_one_client_differ_in_encryption(EncryptionMode first, EncryptionMode second)
    {
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, change: options => options with { Encryption = first });
        using TemporaryFolder data = new();
        s_other.Lay(data.Path, 0);
        using CancellationTokenSource stop = new();
        Task<TorrentDownload> also = seed.Client.DownloadAsync(new TorrentInfo(s_other.Torrent), Into(data) with { SeedOnly = true, Encryption = second }, null, stop.Token);
        foreach ((Sample sample, EncryptionMode mode) in new[] { (s_sample, first), (s_other, second) })
        {
            foreach (EncryptionMode mine in Enum.GetValues<EncryptionMode>())
            {
                using TemporaryFolder folder = new();
                await using TorrentClient leecher = new(new TorrentClientOptions { Port = 0, Encryption = mine });
                bool isRefused = (mode, mine) is (EncryptionMode.Require, EncryptionMode.Off) or (EncryptionMode.Off, EncryptionMode.Require);
                TorrentDownload result = await Run(leecher, sample, Into(folder, seed.EndPoint) with { StallTimeout = isRefused ? TimeSpan.FromSeconds(0.5) : null });
                Assert.Equal(isRefused ? TorrentState.Failed : TorrentState.Completed, result.State);
            }
        }

        await stop.CancelAsync();
        await also;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task All_torrents_of_a_client_share_its_limit(bool limitsDownload)
    {
        const int Limit = 200_000;
        FakeTimeProvider time = new();
        RateLimit limit = new(Limit, time);
        TorrentClientOptions plain = new() { TimeProvider = time, Port = 0 };
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, client: limitsDownload ? plain : plain with { UploadLimit = limit });
        using TemporaryFolder data = new(), one = new(), two = new();
        s_other.Lay(data.Path, 0);
        using CancellationTokenSource stop = new();
        Task<TorrentDownload> also = seed.Client.DownloadAsync(new TorrentInfo(s_other.Torrent), Into(data) with { SeedOnly = true }, null, stop.Token);
        await using TorrentClient leecher = new(limitsDownload ? plain with { DownloadLimit = limit } : plain);
        Task<TorrentDownload[]> both = Task.WhenAll(Run(leecher, s_sample, Into(one, seed.EndPoint)), Run(leecher, s_other, Into(two, seed.EndPoint)));
        await time.UntilAsync(() => both.IsCompleted, 0.05, report: () => seed.LogText);
        TorrentDownload[] results = await both;
        Assert.All(results, result => Assert.Equal(TorrentState.Completed, result.State));
        // Two megabytes at 200,000 bytes per second; alone, each would have taken half the time.
        Assert.True(results.Max(result => result.Elapsed.TotalSeconds) >= 9, string.Join(", ", results.Select(result => result.Elapsed)));
        Assert.True(results.Min(result => result.Elapsed.TotalSeconds) >= 7, string.Join(", ", results.Select(result => result.Elapsed)));
        await stop.CancelAsync();
        await also;
    }

    [Fact]
    public async Task A_torrent_gets_connections_even_if_others_have_them_all()
    {
        TorrentClientOptions few = new() { MaxConnections = 2 };
        using ScriptedSeed silent = new(s_sample) { Answer = (_, _) => null }, alsoSilent = new(s_sample) { Answer = (_, _) => null };
        await using SwarmMember first = SwarmMember.Download(s_sample.Torrent, null, [silent.EndPoint, alsoSilent.EndPoint], client: few);
        await first.UntilAsync(status => status.PeersConnected == 2);
        using ScriptedSeed seed = new(s_other);
        using TemporaryFolder folder = new();
        Assert.Equal(TorrentState.Completed, (await Run(first.Client, s_other, Into(folder, seed.EndPoint))).State);
    }

    private static async Task<TorrentDownload> SeedOnceAsync(Sample sample, string folder, string? state, bool recheck = false)
    {
        await using SwarmMember seed = SwarmMember.Download(sample.Torrent, folder, [], options => options with { SeedOnly = true, SeedTime = TimeSpan.Zero, Recheck = recheck },
            new TorrentClientOptions { StateFolder = state });
        return await seed.EndAsync();
    }

    [Fact]
    public async Task Data_that_was_seeded_is_hashed_again_only_when_it_changed()
    {
        Sample sample = Sample.Make(32768, 7, ("a", 100_000), ("sub/b", 50_000), ("empty", 0));
        using TemporaryFolder data = new(), state = new();
        sample.Lay(data.Path, 0, 1, 2);
        Assert.Equal((TorrentState.Completed, 100.0), ((await SeedOnceAsync(sample, data.Path, state.Path)) is var first ? (first.State, first.PercentChecked) : default));
        Assert.Equal(0, (await SeedOnceAsync(sample, data.Path, state.Path)).PercentChecked);
        Assert.Equal(100, (await SeedOnceAsync(sample, data.Path, state.Path, recheck: true)).PercentChecked);
        Assert.Equal(100, (await SeedOnceAsync(sample, data.Path, null)).PercentChecked);
        Assert.Equal(["a", "empty", "sub"], Directory.GetFileSystemEntries(Path.Join(data.Path, "T")).Select(Path.GetFileName).Order());

        string file = Path.Join(data.Path, "T", "a");
        byte[] bytes = SharedFile.ReadAllBytes(file);
        bytes[70_000] ^= 1;
        File.WriteAllBytes(file, bytes);
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddSeconds(5));
        TorrentDownload result = await SeedOnceAsync(sample, data.Path, state.Path);
        Assert.Equal((TorrentState.Failed, TorrentErrorId.DataMismatch), (result.State, result.ErrorId));
        Assert.Contains("'T/a' differs in 1 of 4 pieces", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("T/sub", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_or_unwritable_record_does_no_harm()
    {
        using TemporaryFolder data = new(), state = new();
        s_sample.Lay(data.Path, 0);
        await SeedOnceAsync(s_sample, data.Path, state.Path);
        string note = Assert.Single(Directory.GetFiles(Path.Join(state.Path, "seeds"), "*", SearchOption.AllDirectories));
        File.WriteAllText(note, "d3:one");
        Assert.Equal(100, (await SeedOnceAsync(s_sample, data.Path, state.Path)).PercentChecked);
        Assert.Equal(0, (await SeedOnceAsync(s_sample, data.Path, state.Path)).PercentChecked);
        string file = Path.Join(state.Path, "file");
        File.WriteAllText(file, "");
        Assert.Equal(TorrentState.Completed, (await SeedOnceAsync(s_sample, data.Path, file)).State);
    }

    [Fact]
    public async Task Errors_in_data_are_reported_by_file()
    {
        Sample sample = Sample.Make(32768, 8, ("a", 40_000), ("b", 40_000), ("c", 40_000), ("d", 40_000), ("e", 40_000));
        using TemporaryFolder data = new();
        TorrentDownload result = await SeedOnceAsync(sample, data.Path, null);
        Assert.Equal(TorrentErrorId.DataMismatch, result.ErrorId);
        Assert.Contains("does not exist", result.Error, StringComparison.Ordinal);
        sample.Lay(data.Path, 1);
        File.WriteAllBytes(Path.Join(data.Path, "T", "a"), new byte[10]);
        Directory.CreateDirectory(Path.Join(data.Path, "T", "c"));
        result = await SeedOnceAsync(sample, data.Path, null);
        Assert.EndsWith("'T/a' has 10 of 40000 bytes, 'T/c' is a folder, 'T/d' is missing, and 1 more file is wrong.", result.Error, StringComparison.Ordinal);
        Assert.Equal(0, result.PercentChecked);
    }
}
