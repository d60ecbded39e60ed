using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>A transfer and its handle, from its start to after its end, on loopback.</summary>
public sealed partial class TorrentTransferTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5); // for hangs

    private static readonly Sample s_sample = Sample.Make(65536, 15, ("one.bin", 1_000_000));

    // Files that share pieces at their borders.
    private static readonly Sample s_files = Sample.Make(32768, 16, ("a", 100_000), ("b", 70_000), ("c", 90_000));

    private static readonly PeerSource[] s_manual = [PeerSource.Manual];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static SwarmMember Download(Sample sample, ScriptedSeed seed, Func<DownloadOptions, DownloadOptions>? change = null, TimeProvider? time = null, string? destination = null) =>
        SwarmMember.Download(sample.Torrent, destination, [seed.EndPoint], options => (change?.Invoke(options) ?? options) with { Sources = s_manual }, time is null ? null : new TorrentClientOptions { TimeProvider = time });

    private static byte[] ReadFile(SwarmMember member, Sample sample, int file) => SharedFile.ReadAllBytes(Path.Join(member.Destination, sample.Torrent.Files[file].Path));

    private static void AssertIs(TorrentDownload result, TorrentState state, TorrentErrorId? errorId = null) => Assert.True((result.State, result.ErrorId) == (state, errorId), $"{result.State} {result.ErrorId} {result.Error}");

    private static async Task WaitForAsync(Func<bool> condition) => Assert.True(await Task.Run(() => SpinWait.SpinUntil(condition, s_limit), Token));

    [Fact]
    public async Task Two_transfers_at_once_are_independent()
    {
        using ScriptedSeed silent = new(s_sample) { Answer = (_, _) => null };
        using ScriptedSeed seed = new(s_files);
        using TemporaryFolder folder = new();
        await using TorrentClient client = new(new TorrentClientOptions { Port = 0 });
        TorrentTransfer first = client.StartDownload(new TorrentInfo(s_sample.Torrent), new DownloadOptions { Destination = folder.Path, Peers = [silent.EndPoint], Sources = s_manual }, null, Token);
        TorrentTransfer second = client.StartDownload(new TorrentInfo(s_files.Torrent), new DownloadOptions { Destination = folder.Path, Peers = [seed.EndPoint], Sources = s_manual }, null, Token);
        AssertIs(await second.Completion.WaitAsync(s_limit, Token), TorrentState.Completed);
        await silent.FirstRequest.WaitAsync(s_limit, Token);
        Assert.Equal(TorrentState.Downloading, first.GetSnapshot().State);
        first.Stop();
        AssertIs(await first.Completion.WaitAsync(s_limit, Token), TorrentState.Stopped, TorrentErrorId.DownloadStopped);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stopped_before_its_start_it_ends(bool isLink)
    {
        using TemporaryFolder folder = new();
        await using TorrentClient client = new(new TorrentClientOptions { Port = 0 });
        Torrent torrent = isLink ? Torrent.FromLink(MagnetLink.Parse($"magnet:?xt=urn:btih:{s_sample.Torrent.InfoHash}&x.pe=127.0.0.1:9")) : s_sample.Torrent;
        TorrentTransfer transfer = client.StartDownload(new TorrentInfo(torrent), new DownloadOptions { Destination = folder.Path, Sources = s_manual }, null, CancellationToken.None);
        transfer.Stop();
        AssertIs(await transfer.Completion.WaitAsync(s_limit, Token), TorrentState.Stopped, TorrentErrorId.DownloadStopped);
    }

    [Fact]
    public async Task The_token_that_it_is_started_with_stops_it()
    {
        using TemporaryFolder folder = new();
        await using TorrentClient client = new(new TorrentClientOptions { Port = 0 });
        TorrentTransfer transfer = client.StartDownload(new TorrentInfo(s_sample.Torrent), new DownloadOptions { Destination = folder.Path, Sources = s_manual }, null, new CancellationToken(canceled: true));
        AssertIs(await transfer.Completion.WaitAsync(s_limit, Token), TorrentState.Stopped, TorrentErrorId.DownloadStopped);
    }

    [Fact]
    public async Task A_failure_to_start_is_in_the_result()
    {
        using TemporaryFolder folder = new();
        TorrentClient client = new(new TorrentClientOptions { Port = 0 });
        DownloadOptions options = new() { Destination = folder.Path, Sources = s_manual };
        TorrentTransfer nothing = client.StartDownload(new TorrentInfo(s_files.Torrent), options with { Include = ["x"] }, null, Token);
        AssertIs(await nothing.Completion.WaitAsync(s_limit, Token), TorrentState.Failed, TorrentErrorId.NothingSelected);
        await Assert.ThrowsAsync<InvalidOperationException>(() => nothing.SetFilePriorityAsync([0], FilePriority.High, Token));
        Assert.Equal([], await nothing.GetFilesAsync(Token));
        TorrentTransfer missing = client.StartSeed(new TorrentInfo(s_files.Torrent), options, null, Token);
        AssertIs(await missing.Completion.WaitAsync(s_limit, Token), TorrentState.Failed, TorrentErrorId.DataMismatch);
        Assert.True(missing.Options.SeedOnly);
        await client.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => client.StartDownload(new TorrentInfo(s_files.Torrent), options, null, Token));
    }

    [Fact]
    public async Task After_the_end_all_can_be_read_and_nothing_changed()
    {
        using ScriptedSeed seed = new(s_files);
        await using SwarmMember member = Download(s_files, seed);
        TorrentDownload result = await member.EndAsync();
        AssertIs(result, TorrentState.Completed);
        TorrentTransfer transfer = member.Transfer;
        Assert.Same(result, transfer.GetSnapshot());
        await transfer.PauseAsync(Token);
        Assert.False(transfer.IsPaused);
        transfer.Resume();
        transfer.Stop();
        (transfer.DownloadLimit, transfer.UploadLimit) = (1, 2);
        Assert.Equal((1, 2), (transfer.DownloadLimit, transfer.UploadLimit));
        Assert.Throws<ArgumentOutOfRangeException>(() => transfer.DownloadLimit = -1);
        Assert.Equal([], await transfer.GetPeersAsync(Token));
        Assert.All(await transfer.GetFilesAsync(Token), file => Assert.Equal((100.0, file.Length, FilePriority.Normal), (file.PercentComplete, file.ContiguousBytes, file.Priority)));
        Assert.All(await transfer.GetPiecesAsync(Token), piece => Assert.Equal(PieceState.Have, piece.State));
        await Assert.ThrowsAsync<InvalidOperationException>(() => transfer.SetFilePriorityAsync([0], FilePriority.Skip, Token));
        await Assert.ThrowsAsync<InvalidOperationException>(() => transfer.SetPieceDeadlineAsync(0, TimeSpan.Zero, Token));
        await transfer.DisposeAsync();
        Assert.Same(result, transfer.GetSnapshot());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Disposed_without_a_stop_it_ends(bool ofClient)
    {
        using ScriptedSeed silent = new(s_sample) { Answer = (_, _) => null };
        using TemporaryFolder folder = new();
        await using TorrentClient client = new(new TorrentClientOptions { Port = 0 });
        TorrentTransfer transfer = client.StartDownload(new TorrentInfo(s_sample.Torrent), new DownloadOptions { Destination = folder.Path, Peers = [silent.EndPoint], Sources = s_manual }, null, CancellationToken.None);
        await silent.FirstRequest.WaitAsync(s_limit, Token);
        if (ofClient)
            await client.DisposeAsync();
        else
            await transfer.DisposeAsync();
        Assert.True(transfer.Completion.IsCompleted);
        AssertIs(await transfer.Completion, TorrentState.Stopped, TorrentErrorId.DownloadStopped);
    }

    [Fact]
    public async Task Limits_are_changed_while_it_runs()
    {
        FakeTimeProvider time = new();
        TorrentClientOptions client = new() { TimeProvider = time };
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, change: options => options with { UploadLimit = 1000 }, client: client);
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [seed.EndPoint], options => options with { DownloadLimit = 1000 }, client);
        await time.UntilAsync(() => leecher.Transfer.GetSnapshot().Downloaded > 0, 0.1, 100, () => leecher.LogText);
        Assert.InRange(leecher.Transfer.GetSnapshot().Downloaded, 1, 500_000);
        leecher.Transfer.DownloadLimit = 0;
        await leecher.PassAsync(time, 10);
        Assert.InRange(leecher.Transfer.GetSnapshot().Downloaded, 1, 500_000); // the other's limit still holds
        seed.Transfer.UploadLimit = 0;
        TorrentDownload result = await leecher.EndAsync(time);
        AssertIs(result, TorrentState.Completed);
        Assert.InRange(result.Elapsed.TotalSeconds, 0, 300); // at the previous limits, it takes 1,000
    }

    [Fact]
    public async Task Peers_files_and_pieces_are_listed()
    {
        TaskCompletionSource unchokes = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ScriptedSeed seed = new(s_files) { Unchokes = unchokes.Task };
        await using SwarmMember member = Download(s_files, seed, options => options with { Include = ["b"], SeedTime = Timeout.InfiniteTimeSpan });
        await member.LogsAsync("connected: ");
        await WaitForAsync(() => member.Transfer.GetPeersAsync(Token).Result is [{ PercentComplete: 100, IsInterestingToUs: true }]);
        TransferPeer peer = Assert.Single(await member.Transfer.GetPeersAsync(Token));
        Assert.Equal(
            (seed.EndPoint.ToString(), PeerSource.Manual, PeerTransport.Tcp, false, false, true, true, 0L, 100.0),
            (peer.EndPoint, peer.Source, peer.Transport, peer.IsIncoming, peer.IsEncrypted, peer.IsChokingUs, peer.IsInterestingToUs, peer.Downloaded, peer.PercentComplete));
        Assert.StartsWith("-XX0001-", peer.PeerId, StringComparison.Ordinal);
        IReadOnlyList<TransferFile> files = await member.Transfer.GetFilesAsync(Token);
        Assert.Equal([FilePriority.Skip, FilePriority.Normal, FilePriority.Skip], files.Select(file => file.Priority));
        Assert.All(files, file => Assert.Equal((0L, 0L), (file.BytesCompleted, file.ContiguousBytes)));
        IReadOnlyList<TransferPiece> pieces = await member.Transfer.GetPiecesAsync(Token);
        Assert.Equal(Enumerable.Range(0, s_files.Torrent.PieceCount), pieces.Select(piece => piece.Index));
        Assert.Equal(s_files.Torrent.Length, pieces.Sum(piece => (long)piece.Length));
        Assert.All(pieces, piece => Assert.Equal((piece.Index is >= 3 and <= 5 ? PieceState.Queued : PieceState.NotWanted, 1, null), (piece.State, piece.Availability, piece.Deadline)));

        unchokes.SetResult();
        await member.UntilAsync(status => status.State == TorrentState.Seeding);
        files = await member.Transfer.GetFilesAsync(Token);
        Assert.Equal((100.0, 70_000L, 70_000L), (files[1].PercentComplete, files[1].BytesCompleted, files[1].ContiguousBytes));
        Assert.Equal((100_000L - 3 * 32768, 0L), (files[0].BytesCompleted, files[0].ContiguousBytes));
        Assert.Equal([3, 4, 5], (await member.Transfer.GetPiecesAsync(Token)).Where(piece => piece.State == PieceState.Have).Select(piece => piece.Index));
    }

    [Fact]
    public async Task Lists_are_available_during_verification_and_changes_wait()
    {
        using ScriptedSeed seed = new(s_files);
        TaskCompletionSource<TorrentTransfer> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using TemporaryFolder folder = new();
        s_files.Lay(folder.Path, [0, 1, 2]);
        await using TorrentClient client = new(new TorrentClientOptions { Port = 0 });
        TorrentTransfer transfer = client.StartDownload(
            new TorrentInfo(s_files.Torrent), new DownloadOptions { Destination = folder.Path, Recheck = true, SeedTime = Timeout.InfiniteTimeSpan, Sources = s_manual },
            new Reports(status =>
            {
                if (status is { State: TorrentState.Checking, PercentChecked: 0 })
                    started.Task.Result.PauseAsync(Token).Wait(Token);
            }), Token);
        started.SetResult(transfer);
        await WaitForAsync(() => transfer.GetSnapshot() is { State: TorrentState.Paused, PercentChecked: > 0 });
        Assert.Equal(3, (await transfer.GetFilesAsync(Token)).Count);
        Assert.Equal(s_files.Torrent.PieceCount, (await transfer.GetPiecesAsync(Token)).Count);
        Task change = transfer.SetPieceDeadlineAsync(s_files.Torrent.PieceCount, TimeSpan.Zero, Token);
        Assert.False(change.IsCompleted);
        transfer.Resume();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => change.WaitAsync(s_limit, Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => transfer.SetFilePriorityAsync([3], FilePriority.Low, Token));
        transfer.Stop();
        AssertIs(await transfer.Completion.WaitAsync(s_limit, Token), TorrentState.Completed);
    }

    private sealed class Reports(Action<TorrentDownload> action) : IProgress<TorrentDownload>
    {
        public void Report(TorrentDownload value) => action(value);
    }
}
