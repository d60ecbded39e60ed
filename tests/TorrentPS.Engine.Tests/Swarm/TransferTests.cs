using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Tests.Http;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Whole clients in one process, on loopback.</summary>
public sealed partial class TransferTests
{
    private static readonly Sample s_sample = Sample.Make(65536, 5, ("one.bin", 1_000_000));

    private static readonly Sample s_files = Sample.Make(32768, 6, ("a/one", 100_000), ("empty", 0), ("two", 1), ("b/\u00E4 \u65E5", 70_000), ("last", 40_000));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static void AssertSame(Sample sample, string destination, params IEnumerable<int> files)
    {
        foreach (int file in files)
            Assert.True(SharedFile.ReadAllBytes(Path.Join(destination, sample.Torrent.Files[file].Path)).AsSpan().SequenceEqual(sample.File(file)), sample.Torrent.Files[file].Path);
    }

    private static IEnumerable<int> AllFiles(Sample sample) => sample.Torrent.Files.Where(file => !file.IsPadding).Select(file => file.Index);

    [Fact]
    public async Task Many_files_arrive_unchanged()
    {
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_files);
        await using SwarmMember leecher = SwarmMember.Download(s_files.Torrent, null, [seed.EndPoint]);
        TorrentDownload result = await leecher.EndAsync();
        Assert.Equal((TorrentState.Completed, 100.0, s_files.Torrent.Length, 0L, null), (result.State, result.PercentComplete, result.Downloaded, result.Wasted, result.Error));
        AssertSame(s_files, leecher.Destination, AllFiles(s_files));
        Assert.False(Directory.Exists(Path.Join(leecher.Destination, ".torrentps")));
        TorrentDownload served = await seed.StopAsync();
        Assert.Equal((TorrentState.Completed, s_files.Torrent.Length), (served.State, served.Uploaded));
    }

    internal sealed record Shape(int PieceLength, int[] Lengths, int Seed)
    {
        public override string ToString() => $"pieces of {PieceLength}; files {string.Join(", ", Lengths)}";
    }

    private static Arbitrary<Shape> Shapes()
    {
        int[] around = [0, 1, 16383, 16384, 16385, 32767, 32768, 32769, 65536, 262_143, 262_144, 262_145, 300_000];
        Gen<Shape> shapes =
            from pieceLength in Gen.Elements(16384, 20_000, 32768, 65536, 262_144, 300_000, 524_288)
            from count in Gen.Choose(1, 4)
            from lengths in Gen.ArrayOf(Gen.Frequency((3, Gen.Elements(around)), (1, Gen.Choose(1, 100_000))), count)
            from seed in Gen.Choose(0, int.MaxValue - 1)
            select new Shape(pieceLength, lengths, seed);
        return shapes.ToArbitrary();
    }

    [Property(MaxTest = 25)]
    public Property Any_sizes_arrive_as_they_are() => Prop.ForAll(Shapes(), shape => ArriveAsync(shape).GetAwaiter().GetResult());

    private static async Task ArriveAsync(Shape shape)
    {
        Sample sample = Sample.Make(shape.PieceLength, shape.Seed, [.. shape.Lengths.Select((length, i) => ($"f{i}", length))]);
        await using SwarmMember seed = sample.Torrent.Length > 0 ? await SwarmMember.SeedAsync(sample) : SwarmMember.Download(sample.Torrent, null, []);
        await using SwarmMember leecher = SwarmMember.Download(sample.Torrent, null, sample.Torrent.Length > 0 ? [seed.EndPoint] : []);
        TorrentDownload result = await leecher.EndAsync();
        Assert.True(result.State == TorrentState.Completed, result.Error + leecher.LogText);
        AssertSame(sample, leecher.Destination, AllFiles(sample));
    }

    [Fact]
    public async Task A_swarm_with_one_seed_completes()
    {
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample);
        await using SwarmMember first = SwarmMember.Download(s_sample.Torrent, null, [seed.EndPoint], options => options with { SeedTime = Timeout.InfiniteTimeSpan, Sources = [PeerSource.Manual] }); // so the seed learns of no other peer from it
        await first.ListensAsync();
        await using SwarmMember second = SwarmMember.Download(s_sample.Torrent, null, [first.EndPoint], options => options with { SeedTime = Timeout.InfiniteTimeSpan, Sources = [PeerSource.Manual] });
        await second.UntilAsync(status => status.State == TorrentState.Seeding);
        await first.UntilAsync(status => status.State == TorrentState.Seeding);
        TorrentDownload[] results = [await first.StopAsync(), await second.StopAsync()];
        Assert.All(results, result => Assert.Equal(TorrentState.Completed, result.State));
        Assert.True(results[0].Uploaded >= s_sample.Torrent.Length); // the second knew no other peer
        AssertSame(s_sample, first.Destination, 0);
        AssertSame(s_sample, second.Destination, 0);
    }

    [Fact]
    public async Task A_peer_that_sends_wrong_data_is_banned_and_an_honest_one_kept()
    {
        byte[] Lie(byte[] data)
        {
            data[0] ^= 1;
            return data;
        }

        using ScriptedSeed liar = new(s_sample) { Answer = (_, data) => Lie(data) };
        // The honest peer sends nothing before, or it might have sent everything by the time the liar gets a request.
        TaskCompletionSource banned = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ScriptedSeed honest = new(s_sample) { Begin = banned.Task };
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [liar.EndPoint, honest.EndPoint]);
        await leecher.LogsAsync($"{liar.EndPoint} is banned");
        banned.SetResult();
        TorrentDownload result = await leecher.EndAsync();
        Assert.Equal(TorrentState.Completed, result.State);
        AssertSame(s_sample, leecher.Destination, 0);
        Assert.Contains($"{liar.EndPoint} is banned", leecher.LogText, StringComparison.Ordinal);
        Assert.DoesNotContain($"{honest.EndPoint} is banned", leecher.LogText, StringComparison.Ordinal);
        Assert.Equal((1, 1), (liar.Connections, honest.Connections));
    }

    [Fact]
    public async Task One_wrong_block_among_correct_ones_identifies_its_sender()
    {
        Sample sample = Sample.Make(60 * 16384, 7, ("shared.bin", 60 * 16384)); // one piece with more blocks than are requested from one peer at first
        // Neither sends before both have requests, and the honest one not before a wrong block has arrived, or it might have sent the whole piece by then.
        TaskCompletionSource both = new(TaskCreationOptions.RunContinuationsAsynchronously), first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int lies = 0;
        using ScriptedSeed liar = new(sample)
        {
            Begin = both.Task,
            Delay = _ => Interlocked.Increment(ref lies) == 1 ? Task.CompletedTask : first.Task,
            Answer = (_, data) =>
            {
                data[^1] ^= 1;
                return data;
            },
        };
        using ScriptedSeed honest = new(sample) { Begin = first.Task };
        await using SwarmMember leecher = SwarmMember.Download(sample.Torrent, null, [liar.EndPoint, honest.EndPoint]);
        await Task.WhenAll(liar.FirstRequest, honest.FirstRequest).WaitAsync(Token);
        both.SetResult();
        await leecher.UntilAsync(status => status.Downloaded > 0);
        first.SetResult();
        TorrentDownload result = await leecher.EndAsync();
        Assert.Equal(TorrentState.Completed, result.State);
        AssertSame(sample, leecher.Destination, 0);
        Assert.Contains($"{liar.EndPoint} is banned", leecher.LogText, StringComparison.Ordinal);
        Assert.DoesNotContain($"{honest.EndPoint} is banned", leecher.LogText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silent_peer_delays_nothing()
    {
        int answered = 0;
        using ScriptedSeed silent = new(s_sample) { Answer = (_, data) => Interlocked.Increment(ref answered) <= 3 ? data : null };
        using ScriptedSeed honest = new(s_sample);
        // The clock stands still: the download does not wait for the silent peer to be snubbed or dropped.
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [silent.EndPoint, honest.EndPoint], client: new TorrentClientOptions { TimeProvider = new FakeTimeProvider() });
        TorrentDownload result = await leecher.EndAsync();
        Assert.Equal(TorrentState.Completed, result.State);
        AssertSame(s_sample, leecher.Destination, 0);
    }

    [Fact]
    public async Task A_peer_that_closes_after_its_handshake_is_retried()
    {
        using ScriptedSeed seed = new(s_sample) { ClosesAtOnce = number => number <= 2 };
        FakeTimeProvider time = new();
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [seed.EndPoint], client: new TorrentClientOptions { TimeProvider = time });
        Assert.Equal(TorrentState.Completed, (await leecher.EndAsync(time)).State);
        Assert.Equal(3, seed.Connections);
    }

    [Fact]
    public async Task A_stopped_download_resumes_where_it_ended()
    {
        int answered = 0;
        long done = 7 * 65536 + s_sample.Torrent.LengthOfPiece(s_sample.Torrent.PieceCount - 1);
        using ScriptedSeed seed = new(s_sample) { Answer = (_, data) => Interlocked.Increment(ref answered) <= 30 ? data : null };
        using TemporaryFolder folder = new();
        TorrentDownload first;
        await using (SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, folder.Path, [seed.EndPoint], options => options with { Sequential = true }))
        {
            await leecher.UntilAsync(status => status.BytesCompleted == done); // 30 blocks are seven pieces and the last, which has two blocks
            first = await leecher.StopAsync();
        }

        Assert.Equal((TorrentState.Stopped, TorrentErrorId.DownloadStopped, done, done), (first.State, first.ErrorId, first.BytesCompleted, first.Downloaded));
        Assert.Equal(7 * 65536, first.ContiguousBytes);
        using ScriptedSeed again = new(s_sample);
        await using SwarmMember second = SwarmMember.Download(s_sample.Torrent, folder.Path, [again.EndPoint]);
        TorrentDownload result = await second.EndAsync();
        Assert.Equal((TorrentState.Completed, s_sample.Torrent.Length - done), (result.State, result.Downloaded));
        Assert.All(again.Requests, block => Assert.InRange(block.Piece, 7, s_sample.Torrent.PieceCount - 2));
        AssertSame(s_sample, folder.Path, 0);
    }

    [Fact]
    public async Task In_sequence_pieces_are_requested_in_order_after_the_ends_of_files()
    {
        using ScriptedSeed seed = new(s_sample);
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [seed.EndPoint], options => options with { Sequential = true });
        Assert.Equal(TorrentState.Completed, (await leecher.EndAsync()).State);
        int last = s_sample.Torrent.PieceCount - 1;
        Assert.Equal(seed.Requests.OrderBy(block => block.Piece == 0 ? 0 : block.Piece == last ? 1 : 2).ThenBy(block => block.Piece).ThenBy(block => block.Begin), seed.Requests);
    }

    [Fact]
    public async Task Only_wanted_files_are_created()
    {
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_files);
        using TemporaryFolder folder = new();
        await using (SwarmMember leecher = SwarmMember.Download(s_files.Torrent, folder.Path, [seed.EndPoint], options => options with { Include = ["a/*", "last"], Exclude = ["l*"] }))
        {
            TorrentDownload result = await leecher.EndAsync();
            Assert.Equal((TorrentState.Completed, 100_000L, 100_000L), (result.State, result.BytesWanted, result.BytesCompleted));
        }

        AssertSame(s_files, folder.Path, 0);
        Assert.False(File.Exists(folder["T/last"]));
        Assert.False(File.Exists(folder["T/two"]));

        await using SwarmMember all = SwarmMember.Download(s_files.Torrent, folder.Path, [seed.EndPoint]);
        TorrentDownload whole = await all.EndAsync();
        Assert.Equal(TorrentState.Completed, whole.State);
        Assert.True(whole.Downloaded <= s_files.Torrent.Length - 98_304, $"{whole.Downloaded}"); // the three complete pieces of the first file are present
        AssertSame(s_files, folder.Path, AllFiles(s_files));
    }

    [Fact]
    public async Task Trackers_get_a_partial_seed_and_never_its_completion()
    {
        using var tracker = new ScriptedHttpServer(_ => ScriptedHttpServer.Reply("d8:intervali1800e5:peers0:e"));
        Sample sample = Sample.Make(32768, 8, ("T/a", 3 * 32768), ("T/b", 50_000)); // the end of the first file is the end of a piece
        Torrent torrent = sample.Torrent.With([], tracker.Announce);
        await using SwarmMember seed = await SwarmMember.SeedAsync(sample);
        using TemporaryFolder folder = new();
        for (int run = 0; run < 2; run++)
        {
            await using SwarmMember leecher = SwarmMember.Download(torrent, folder.Path, [seed.EndPoint], options => options with { Include = ["a"], SeedTime = Timeout.InfiniteTimeSpan });
            await leecher.UntilAsync(progress => progress.State == TorrentState.Seeding);
            await Task.Run(() => Assert.True(SpinWait.SpinUntil(() => !tracker.Requests.IsEmpty, TimeSpan.FromMinutes(5))), TestContext.Current.CancellationToken);
            await leecher.StopAsync();
            string[] events = [.. tracker.Requests.Select(request => Regex.Match(request, "event=([a-z]+)").Groups[1].Value)];
            Assert.Equal(run == 0 ? ["started", "stopped"] : ["paused", "stopped"], events);
            Assert.DoesNotContain("left=0&", string.Concat(tracker.Requests));
            tracker.Requests.Clear();
        }
    }

    [Fact]
    public async Task An_empty_download_is_complete()
    {
        Sample sample = Sample.Make(16384, 1, ("x", 0), ("y", 0));
        await using SwarmMember leecher = SwarmMember.Download(sample.Torrent, null, []);
        TorrentDownload result = await leecher.EndAsync();
        Assert.Equal((TorrentState.Completed, 100.0, 0L), (result.State, result.PercentComplete, result.Downloaded));
        AssertSame(sample, leecher.Destination, 0, 1);
    }

    [Fact]
    public async Task Existing_pieces_are_not_downloaded_again()
    {
        using TemporaryFolder folder = new();
        s_files.Lay(folder.Path, 0, 1, 2, 3, 4);
        await using SwarmMember leecher = SwarmMember.Download(s_files.Torrent, folder.Path, []);
        TorrentDownload result = await leecher.EndAsync();
        Assert.Equal((TorrentState.Completed, 0L, s_files.Torrent.Length), (result.State, result.Downloaded, result.BytesCompleted));
    }

    [Fact]
    public async Task Wrong_data_is_not_seeded()
    {
        using TemporaryFolder folder = new();
        s_files.Lay(folder.Path, 0, 1, 2, 3);
        await using SwarmMember seed = SwarmMember.Download(s_files.Torrent, folder.Path, [], options => options with { SeedOnly = true });
        TorrentDownload result = await seed.EndAsync();
        Assert.Equal((TorrentState.Failed, TorrentErrorId.DataMismatch), (result.State, result.ErrorId));
    }

    [Theory]
    [InlineData(EncryptionMode.Require, EncryptionMode.Require)]
    [InlineData(EncryptionMode.Prefer, EncryptionMode.Require)]
    [InlineData(EncryptionMode.Require, EncryptionMode.Prefer)]
    [InlineData(EncryptionMode.Off, EncryptionMode.Prefer)]
    public async Task Encryption_follows_the_mode(EncryptionMode seeds, EncryptionMode downloads)
    {
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_files, client: new TorrentClientOptions { Encryption = seeds });
        PeerHandshake handshake = await seed.Client.TestHandshakeAsync(seed.EndPoint, s_files.Torrent.InfoHash, new HandshakeOptions { Encryption = downloads, Timeout = TimeSpan.FromSeconds(60) }, Token);
        Assert.Equal((PeerHandshakeStatus.Succeeded, seeds == EncryptionMode.Require || downloads == EncryptionMode.Require), (handshake.Status, handshake.Encrypted));
        Assert.Equal(ProgramName.Client, handshake.Client);
        await using SwarmMember leecher = SwarmMember.Download(s_files.Torrent, null, [seed.EndPoint], client: new TorrentClientOptions { Encryption = downloads });
        Assert.Equal(TorrentState.Completed, (await leecher.EndAsync()).State);
        AssertSame(s_files, leecher.Destination, AllFiles(s_files));
    }

    [Fact]
    public async Task A_client_without_the_torrent_does_not_answer()
    {
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_files);
        PeerHandshake handshake = await seed.Client.TestHandshakeAsync(seed.EndPoint, s_sample.Torrent.InfoHash, new HandshakeOptions { Timeout = TimeSpan.FromSeconds(60) }, Token);
        Assert.Equal(PeerHandshakeStatus.Closed, handshake.Status);
    }

    [Fact]
    public async Task Two_downloads_to_one_place_conflict()
    {
        using TemporaryFolder folder = new();
        await using SwarmMember first = SwarmMember.Download(s_sample.Torrent, folder.Path, []);
        await first.UntilAsync(status => status.State == TorrentState.Downloading);
        await using SwarmMember second = SwarmMember.Download(s_sample.Torrent, folder.Path, []);
        TorrentDownload result = await second.EndAsync();
        Assert.Equal((TorrentState.Failed, TorrentErrorId.DataInUse), (result.State, result.ErrorId));
        Assert.Equal(TorrentState.Stopped, (await first.StopAsync()).State);
    }

    [Fact]
    public async Task Disposing_a_client_ends_running_downloads()
    {
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, []);
        await leecher.UntilAsync(status => status.State == TorrentState.Downloading);
        await leecher.Client.DisposeAsync();
        Assert.Equal(TorrentState.Stopped, (await leecher.EndAsync()).State);
    }
}
