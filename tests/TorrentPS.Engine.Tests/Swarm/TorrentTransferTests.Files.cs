using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Swarm;

/// <content>Priorities of files and deadlines of pieces.</content>
public sealed partial class TorrentTransferTests
{
    private static TaskCompletionSource Gate() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task A_skipped_file_stays_on_disk_and_the_rest_completes()
    {
        TaskCompletionSource begin = Gate();
        using ScriptedSeed seed = new(s_files) { Begin = begin.Task };
        await using SwarmMember member = Download(s_files, seed);
        await seed.FirstRequest.WaitAsync(s_limit, Token);
        await member.Transfer.SetFilePriorityAsync([1], FilePriority.Skip, Token);
        Assert.Equal((190_000L, TorrentState.Downloading), (member.Transfer.GetSnapshot().BytesWanted, member.Transfer.GetSnapshot().State));
        Assert.Equal(PieceState.NotWanted, (await member.Transfer.GetPiecesAsync(Token))[4].State);
        begin.SetResult();
        TorrentDownload result = await member.EndAsync();
        AssertIs(result, TorrentState.Completed);
        Assert.Equal((190_000L, 190_000L), (result.BytesWanted, result.BytesCompleted));
        Assert.Equal(s_files.File(0), ReadFile(member, s_files, 0));
        Assert.Equal(s_files.File(2), ReadFile(member, s_files, 2));
        Assert.Equal(70_000, new FileInfo(Path.Join(member.Destination, "T", "b")).Length);
        Assert.Equal(FilePriority.Skip, (await member.Transfer.GetFilesAsync(Token))[1].Priority);
        Assert.False(Directory.Exists(Path.Join(member.Destination, ".torrentps")));
    }

    [Fact]
    public async Task A_skipped_file_that_is_wanted_again_completes()
    {
        TaskCompletionSource begin = Gate();
        using ScriptedSeed seed = new(s_files) { Begin = begin.Task };
        await using SwarmMember member = Download(s_files, seed);
        await seed.FirstRequest.WaitAsync(s_limit, Token);
        await member.Transfer.SetFilePriorityAsync([0, 1, 2], FilePriority.High, Token);
        await member.Transfer.SetFilePriorityAsync([1, 2], FilePriority.Skip, Token);
        await member.Transfer.SetFilePriorityAsync([1, 2], FilePriority.Low, Token);
        Assert.Equal([FilePriority.High, FilePriority.Low, FilePriority.Low], (await member.Transfer.GetFilesAsync(Token)).Select(file => file.Priority));
        begin.SetResult();
        TorrentDownload result = await member.EndAsync();
        AssertIs(result, TorrentState.Completed);
        for (int file = 0; file < 3; file++)
            Assert.Equal(s_files.File(file), ReadFile(member, s_files, file));
    }

    [Fact]
    public async Task A_file_never_wanted_is_created_and_takes_its_data_from_shared_pieces()
    {
        using ScriptedSeed seed = new(s_files);
        await using SwarmMember member = Download(s_files, seed, options => options with { Include = ["b"], SeedTime = Timeout.InfiniteTimeSpan });
        await member.UntilAsync(status => status.State == TorrentState.Seeding);
        string path = Path.Join(member.Destination, "T", "a");
        Assert.False(File.Exists(path));
        Assert.Equal([PieceState.Have, PieceState.Have, PieceState.Have], (await member.Transfer.GetPiecesAsync(Token)).Take(3..6).Select(piece => piece.State));
        await member.Transfer.SetFilePriorityAsync([0, 2], FilePriority.Normal, Token);
        Assert.True(File.Exists(path));
        Assert.Equal(s_files.Torrent.Length, member.Transfer.GetSnapshot().BytesWanted);
        await member.UntilAsync(status => status.State == TorrentState.Seeding && status.BytesCompleted == s_files.Torrent.Length);
        TorrentDownload result = await member.StopAsync();
        AssertIs(result, TorrentState.Completed);
        Assert.Equal((s_files.Torrent.Length, 0L), (result.Downloaded, result.Wasted)); // shared pieces were downloaded once
        for (int file = 0; file < 3; file++)
            Assert.Equal(s_files.File(file), ReadFile(member, s_files, file));
    }

    [Fact]
    public async Task Existing_data_of_a_file_that_becomes_wanted_is_not_downloaded()
    {
        using ScriptedSeed seed = new(s_files);
        using TemporaryFolder folder = new();
        s_files.Lay(folder.Path, [0]);
        await using SwarmMember member = Download(s_files, seed, options => options with { Include = ["b"], SeedTime = Timeout.InfiniteTimeSpan }, destination: folder.Path);
        await member.UntilAsync(status => status.State == TorrentState.Seeding);
        await member.Transfer.SetFilePriorityAsync([0], FilePriority.Normal, Token);
        await member.UntilAsync(status => status.State == TorrentState.Seeding && status.BytesCompleted == 170_000);
        TorrentDownload result = await member.StopAsync();
        AssertIs(result, TorrentState.Completed);
        Assert.Equal(3 * 32768, result.Downloaded);
        Assert.Equal(s_files.File(0), ReadFile(member, s_files, 0));
    }

    [Fact]
    public async Task Another_file_in_the_place_of_one_that_becomes_wanted_is_unchanged()
    {
        TaskCompletionSource begin = Gate();
        using ScriptedSeed seed = new(s_files) { Begin = begin.Task };
        using TemporaryFolder folder = new();
        string other = Path.Join(folder.Path, "T", "c");
        Directory.CreateDirectory(Path.GetDirectoryName(other)!);
        await File.WriteAllTextAsync(other, "mine", Token);
        await using SwarmMember member = Download(s_files, seed, options => options with { Include = ["a"] }, destination: folder.Path);
        await seed.FirstRequest.WaitAsync(s_limit, Token);
        TorrentException refused = await Assert.ThrowsAsync<TorrentException>(() => member.Transfer.SetFilePriorityAsync([1, 2], FilePriority.High, Token));
        Assert.Equal(TorrentErrorId.FileExists, refused.ErrorId);
        Assert.Equal([FilePriority.Normal, FilePriority.Skip, FilePriority.Skip], (await member.Transfer.GetFilesAsync(Token)).Select(file => file.Priority));
        begin.SetResult();
        AssertIs(await member.EndAsync(), TorrentState.Completed);
        Assert.Equal("mine", await File.ReadAllTextAsync(other, Token));
        Assert.False(File.Exists(Path.Join(folder.Path, "T", "b")));
    }

    [Theory]
    [InlineData("a", 4)]
    [InlineData("a", 100_000)]
    [InlineData("c", 4)]
    [InlineData("c", 90_000)]
    public async Task Another_file_is_unchanged_although_the_pieces_that_its_place_shares_are_complete(string name, int length)
    {
        using ScriptedSeed seed = new(s_files);
        using TemporaryFolder folder = new();
        string other = Path.Join(folder.Path, "T", name);
        byte[] mine = [.. Enumerable.Repeat((byte)'x', length)];
        Directory.CreateDirectory(Path.GetDirectoryName(other)!);
        await File.WriteAllBytesAsync(other, mine, Token);
        await using SwarmMember member = Download(s_files, seed, options => options with { Include = ["b"], SeedTime = Timeout.InfiniteTimeSpan }, destination: folder.Path);
        await member.UntilAsync(status => status.State == TorrentState.Seeding);
        int file = s_files.Torrent.Files.Single(file => file.Path == $"T/{name}").Index;
        TorrentException refused = await Assert.ThrowsAsync<TorrentException>(() => member.Transfer.SetFilePriorityAsync([file], FilePriority.Normal, Token));
        Assert.Equal(TorrentErrorId.FileExists, refused.ErrorId);
        AssertIs(await member.StopAsync(), TorrentState.Completed);
        Assert.Equal(mine, await File.ReadAllBytesAsync(other, Token));
    }

    [Fact]
    public async Task A_file_written_by_another_download_cannot_become_wanted()
    {
        TaskCompletionSource begin = Gate();
        Sample other = Sample.Make(32768, 18, ("c", 50_000), ("d", 50_000)); // in the same folder, T
        using ScriptedSeed seed = new(s_files) { Begin = begin.Task };
        using ScriptedSeed second = new(other) { Begin = begin.Task };
        using TemporaryFolder folder = new();
        await using SwarmMember member = Download(s_files, seed, options => options with { Include = ["a"] }, destination: folder.Path);
        await using SwarmMember rival = Download(other, second, destination: folder.Path);
        await Task.WhenAll(seed.FirstRequest, second.FirstRequest).WaitAsync(s_limit, Token);
        File.Delete(Path.Join(folder.Path, "T", "c")); // so that the claim is the obstacle
        TorrentException refused = await Assert.ThrowsAsync<TorrentException>(() => member.Transfer.SetFilePriorityAsync([2], FilePriority.Normal, Token));
        Assert.Equal(TorrentErrorId.DataInUse, refused.ErrorId);
        begin.SetResult();
        AssertIs(await member.EndAsync(), TorrentState.Completed);
    }

    [Fact]
    public async Task Skipping_all_files_completes_the_download()
    {
        using ScriptedSeed silent = new(s_files) { Answer = (_, _) => null };
        await using SwarmMember member = Download(s_files, silent);
        await silent.FirstRequest.WaitAsync(s_limit, Token);
        await member.Transfer.SetFilePriorityAsync([0, 1, 2], FilePriority.Skip, Token);
        TorrentDownload result = await member.EndAsync();
        AssertIs(result, TorrentState.Completed);
        Assert.Equal((0L, 0L), (result.BytesWanted, result.Downloaded));
    }

    [Fact]
    public async Task Once_the_end_is_decided_no_file_becomes_wanted()
    {
        TaskCompletionSource begin = Gate();
        TaskCompletionSource<Task> change = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ScriptedSeed seed = new(s_files) { Begin = begin.Task };
        using TemporaryFolder folder = new();
        await using TorrentClient client = new(new TorrentClientOptions { Port = 0 });
        TorrentTransfer? transfer = null;
        DownloadOptions options = new() { Destination = folder.Path, Peers = [seed.EndPoint], SeedTime = Timeout.InfiniteTimeSpan, Sources = s_manual };
        transfer = client.StartDownload(new TorrentInfo(s_files.Torrent), options, new Reports(status =>
        {
            if (status.State != TorrentState.Seeding || change.Task.IsCompleted)
                return;
            change.SetResult(transfer!.SetFilePriorityAsync([0], FilePriority.Normal, Token)); // on the loop, which sees it after
            transfer.Stop();
        }), Token);
        await seed.FirstRequest.WaitAsync(s_limit, Token);
        await transfer.SetFilePriorityAsync([0], FilePriority.Skip, Token);
        begin.SetResult();
        TorrentDownload result = await transfer.Completion.WaitAsync(s_limit, Token);
        AssertIs(result, TorrentState.Completed);
        Assert.Equal((160_000L, 160_000L), (result.BytesWanted, result.BytesCompleted));
        await Assert.ThrowsAsync<InvalidOperationException>(() => change.Task.Result.WaitAsync(s_limit, Token));
    }

    [Fact]
    public async Task A_seed_has_no_priorities()
    {
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_files, change: options => options with { Sources = s_manual });
        await Assert.ThrowsAsync<InvalidOperationException>(() => seed.Transfer.SetFilePriorityAsync([0], FilePriority.Skip, Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => seed.Transfer.SetFilePriorityAsync([0], (FilePriority)9, Token));
    }

    [Fact]
    public async Task Blocks_are_requested_by_the_priority_of_their_files()
    {
        TaskCompletionSource unchokes = Gate();
        using ScriptedSeed seed = new(s_files) { Unchokes = unchokes.Task };
        await using SwarmMember member = Download(s_files, seed);
        await member.Transfer.SetFilePriorityAsync([0], FilePriority.Low, Token);
        await member.Transfer.SetFilePriorityAsync([2], FilePriority.High, Token);
        unchokes.SetResult();
        AssertIs(await member.EndAsync(), TorrentState.Completed);
        int[] pieces = [.. seed.Requests.Select(block => block.Piece).Distinct()];
        Assert.Equal([5, 6, 7], pieces[..3].Order()); // those of the last file
        Assert.Equal([3, 4], pieces[3..5].Order());
        Assert.Equal([0, 1, 2], pieces[5..].Order());
    }

    [Fact]
    public async Task Pieces_with_deadlines_are_requested_first_the_first_due_first()
    {
        TaskCompletionSource unchokes = Gate();
        using ScriptedSeed seed = new(s_sample) { Unchokes = unchokes.Task };
        await using SwarmMember member = Download(s_sample, seed);
        await member.Transfer.SetPieceDeadlineAsync(9, TimeSpan.FromHours(3), Token);
        await member.Transfer.SetPieceDeadlineAsync(7, TimeSpan.FromHours(2), Token);
        await member.Transfer.SetPieceDeadlineAsync(12, TimeSpan.FromHours(1), Token);
        await member.Transfer.SetPieceDeadlineAsync(3, TimeSpan.FromMinutes(1), Token);
        await member.Transfer.SetPieceDeadlineAsync(3, null, Token);
        IReadOnlyList<TransferPiece> pieces = await member.Transfer.GetPiecesAsync(Token);
        Assert.Equal([7, 9, 12], pieces.Where(piece => piece.Deadline is not null).Select(piece => piece.Index));
        Assert.InRange(pieces[12].Deadline!.Value.TotalMinutes, 50, 60);
        unchokes.SetResult();
        AssertIs(await member.EndAsync(), TorrentState.Completed);
        Assert.Equal([12, 7, 9], seed.Requests.Select(block => block.Piece).Distinct().Take(3));
        Assert.All(await member.Transfer.GetPiecesAsync(Token), piece => Assert.Null(piece.Deadline));
    }

    [Fact]
    public async Task A_deadline_of_a_piece_that_no_peer_has_delays_nothing()
    {
        using ScriptedSeed source = new(s_files);
        await using SwarmMember partial = Download(s_files, source, options => options with { Include = ["b"], SeedTime = Timeout.InfiniteTimeSpan });
        await partial.UntilAsync(status => status.State == TorrentState.Seeding);
        await using SwarmMember member = SwarmMember.Download(s_files.Torrent, null, [partial.EndPoint], options => options with { Sources = s_manual });
        await member.Transfer.SetPieceDeadlineAsync(0, TimeSpan.Zero, Token);
        await member.UntilAsync(status => status.BytesCompleted == 3 * 32768);
        TransferPiece piece = (await member.Transfer.GetPiecesAsync(Token))[0];
        Assert.Equal((PieceState.Queued, 0, true), (piece.State, piece.Availability, piece.Deadline <= TimeSpan.Zero));
        AssertIs(await member.StopAsync(), TorrentState.Stopped, TorrentErrorId.DownloadStopped);
    }
}
