using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Version 2 and hybrid torrents (BEP 52) between our own clients, over loopback.</summary>
public sealed class TransferV2Tests
{
    private const int PieceLength = 65536;

    private static readonly (string, int)[] s_files = [("a/deep", 100), ("b", 5 * PieceLength + 20_000), ("empty", 0), ("exact", PieceLength), ("z", 40_000)];

    [Theory]
    [InlineData(TorrentVersion.V2)]
    [InlineData(TorrentVersion.Hybrid)]
    public async Task All_files_arrive_and_nothing_else_is_written(TorrentVersion version)
    {
        Sample sample = Sample.BuildV2(version, PieceLength, 1, s_files);
        await using SwarmMember seed = await SwarmMember.SeedAsync(sample);
        await using SwarmMember member = SwarmMember.Download(sample.Torrent, null, [seed.EndPoint]);
        TorrentDownload result = await member.EndAsync();
        Assert.True(result.State == TorrentState.Completed, $"{result} {result.Error}\n{member.LogText}");
        AssertHas(sample, member.Destination);
        Assert.Equal(s_files.Sum(file => file.Item2), result.BytesCompleted);
        Assert.Equal(result.BytesCompleted, result.Downloaded); // no padding was requested
        Assert.Equal(5, Directory.GetFiles(member.Destination, "*", SearchOption.AllDirectories).Length);
    }

    [Theory]
    [InlineData(TorrentVersion.V2)]
    [InlineData(TorrentVersion.Hybrid)]
    public async Task A_single_file_arrives(TorrentVersion version)
    {
        Sample sample = Sample.BuildV2(version, PieceLength, 2, ("one", 3 * PieceLength + 1));
        await using SwarmMember seed = await SwarmMember.SeedAsync(sample);
        await using SwarmMember member = SwarmMember.Download(sample.Torrent, null, [seed.EndPoint]);
        Assert.Equal(TorrentState.Completed, (await member.EndAsync()).State);
        AssertHas(sample, member.Destination);
    }

    [Theory]
    [InlineData(TorrentVersion.V2)]
    [InlineData(TorrentVersion.Hybrid)]
    public async Task Missing_hashes_come_from_peers(TorrentVersion version)
    {
        // More than 512 pieces, so that the hashes arrive in several parts with proofs; two files with the same content.
        Sample sample = Sample.BuildV2(version, 16384, 3, ("a", 700 * 16384 + 5), ("b", 90_000), ("c", 16384));
        Torrent torrent = sample.InfoOnly();
        Assert.True(torrent.FileLayers!.All(layer => layer.IsEmpty));
        await using SwarmMember seed = await SwarmMember.SeedAsync(sample);
        await using SwarmMember member = SwarmMember.Download(torrent, null, [seed.EndPoint]);
        TorrentDownload result = await member.EndAsync();
        Assert.True(result.State == TorrentState.Completed, $"{result} {result.Error}\n{member.LogText}");
        AssertHas(sample, member.Destination);
    }

    [Theory]
    [InlineData(TorrentVersion.V2, "btmh")]
    [InlineData(TorrentVersion.Hybrid, "btmh")]
    [InlineData(TorrentVersion.Hybrid, "btih")]
    [InlineData(TorrentVersion.Hybrid, "both")]
    public async Task A_magnet_link_becomes_the_complete_torrent(TorrentVersion version, string topics)
    {
        Sample sample = Sample.BuildV2(version, 16384, 11, ("a", 700 * 16384 + 5), ("b", 90_000), ("c", 16384));
        await using SwarmMember seed = await SwarmMember.SeedAsync(sample);
        string v1 = sample.Torrent.InfoHash.HasV1 ? $"xt=urn:btih:{Convert.ToHexString(sample.Torrent.InfoHash.V1)}" : "", v2 = $"xt=urn:btmh:1220{Convert.ToHexString(sample.Torrent.InfoHash.V2)}";
        MagnetLink link = MagnetLink.Parse("magnet:?" + topics switch { "btih" => v1, "btmh" => v2, _ => $"{v1}&{v2}" });
        List<string> warnings = [];
        await using TorrentClient client = new(new TorrentClientOptions { Port = 0 });
        TorrentInfo torrent = await client.ResolveAsync(link, new ResolveOptions { Sources = [PeerSource.Manual], Peers = [seed.EndPoint], OnWarning = warnings.Add }, null, TestContext.Current.CancellationToken);
        Assert.Equal(sample.Torrent.InfoHash, torrent.Torrent.InfoHash);
        Assert.Equal(sample.Torrent.PieceLayers, Torrent.Parse(torrent.Torrent.ToBytes()).PieceLayers);
        Assert.Empty(warnings);
    }

    [Fact]
    public void Behind_the_end_of_a_file_there_are_zeros_up_to_the_end_of_the_piece()
    {
        Sample sample = Sample.BuildV2(TorrentVersion.V2, PieceLength, 9, ("a", 100), ("b", PieceLength + 5));
        using TemporaryFolder folder = new();
        sample.Lay(folder.Path, 0, 1);
        using DataStore store = new(sample.Torrent, folder.Path, sample.All, readOnly: true);
        byte[] block = new byte[16384];
        Array.Fill(block, (byte)9);
        Assert.True(store.TryRead(0, 0, block));
        Assert.Equal([.. sample.File(0), .. new byte[16284]], block);
        Array.Fill(block, (byte)9);
        Assert.True(store.TryRead(2, 16384, block));
        Assert.Equal(new byte[16384], block);
        Assert.Equal([PieceLength, PieceLength, PieceLength], Enumerable.Range(0, 3).Select(sample.Torrent.ServedLengthOfPiece));
        Assert.Equal(5, Sample.BuildV2(TorrentVersion.Hybrid, PieceLength, 9, ("a", PieceLength + 5)).Torrent.ServedLengthOfPiece(1));
    }

    [Fact]
    public async Task Unwanted_files_cost_nothing()
    {
        Sample sample = Sample.BuildV2(TorrentVersion.V2, PieceLength, 4, s_files);
        await using SwarmMember seed = await SwarmMember.SeedAsync(sample);
        await using SwarmMember member = SwarmMember.Download(sample.Torrent, null, [seed.EndPoint], options => options with { Include = ["a/*"] });
        TorrentDownload result = await member.EndAsync();
        Assert.Equal(TorrentState.Completed, result.State);
        Assert.Equal(100, result.Downloaded);
        Assert.Equal("deep", Path.GetFileName(Assert.Single(Directory.GetFiles(member.Destination, "*", SearchOption.AllDirectories))));
    }

    [Theory]
    [InlineData(TorrentVersion.V2)]
    [InlineData(TorrentVersion.Hybrid)]
    public async Task Existing_data_is_found_again(TorrentVersion version)
    {
        Sample sample = Sample.BuildV2(version, PieceLength, 5, s_files);
        using TemporaryFolder folder = new();
        int[] stored = [.. sample.Torrent.Files.Where(file => !file.IsPadding && file.Path != "T/z").Select(file => file.Index)];
        sample.Lay(folder.Path, stored);
        await using SwarmMember seed = await SwarmMember.SeedAsync(sample);
        await using SwarmMember member = SwarmMember.Download(sample.Torrent, folder.Path, [seed.EndPoint]);
        TorrentDownload result = await member.EndAsync();
        Assert.Equal(TorrentState.Completed, result.State);
        Assert.Equal(40_000, result.Downloaded);
        AssertHas(sample, folder.Path);
    }

    [Fact]
    public async Task A_version_1_peer_can_send_a_hybrid_too()
    {
        Sample sample = Sample.BuildV2(TorrentVersion.Hybrid, PieceLength, 6, s_files);
        using ScriptedSeed old = new(sample); // knows only the v1 hash, and no extension
        await using SwarmMember member = SwarmMember.Download(sample.Torrent, null, [old.EndPoint]);
        Assert.Equal(TorrentState.Completed, (await member.EndAsync()).State);
        AssertHas(sample, member.Destination);
        Assert.All(old.Requests, block => Assert.True(block.Begin + block.Length <= sample.Torrent.DataLengthOfPiece(block.Piece)));
    }

    [Fact]
    public async Task A_peer_that_damages_a_block_of_each_piece_is_banned()
    {
        Sample sample = Sample.BuildV2(TorrentVersion.V2, 16 * 16384, 7, ("one", 3 * 16 * 16384));
        using ScriptedSeed liar = new(sample) { Answer = (block, data) => block.Begin == 15 * 16384 ? Spoil(data) : data };
        await using SwarmMember seed = await SwarmMember.SeedAsync(sample, change: options => options with { UploadLimit = 256 << 10 });
        await using SwarmMember member = SwarmMember.Download(sample.Torrent, null, [liar.EndPoint, seed.EndPoint]);
        TorrentDownload result = await member.EndAsync();
        Assert.True(result.State == TorrentState.Completed, $"{result} {result.Error}\n{member.LogText}");
        AssertHas(sample, member.Destination);
        Assert.Contains($"Peer {liar.EndPoint} is banned: it sent bad data", member.LogText);
        Assert.DoesNotContain($"Peer {seed.EndPoint} is banned", member.LogText);
    }

    [Fact]
    public async Task Leaf_hashes_show_at_once_which_of_two_peers_damaged_a_piece()
    {
        // One piece with more blocks than are requested from one peer at first, so that both send some. No peer sends it again before the liar is gone, so only these hashes identify it.
        Sample sample = Sample.BuildV2(TorrentVersion.V2, 64 * 16384, 7, ("one", 64 * 16384));
        SwarmMember? member = null;
        TaskCompletionSource bothAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int lies = 0;
        using ScriptedSeed liar = new(sample)
        {
            Begin = bothAsked.Task,
            Hashes = _ => null,
            Answer = (_, data) => HasFailed(member!) ? null : Interlocked.Increment(ref lies) == 1 ? Spoil(data) : data,
        };
        using ScriptedSeed honest = new(sample)
        {
            Begin = liar.FirstBlock,
            Delay = _ => HasFailed(member!) ? liar.Gone : Task.CompletedTask,
            Hashes = range => LeavesOf(sample, range),
        };
        await using (member = SwarmMember.Download(sample.Torrent, null, [liar.EndPoint, honest.EndPoint]))
        {
            await Task.WhenAll(liar.FirstRequest, honest.FirstRequest).WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
            bothAsked.SetResult();
            await liar.Gone.WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
            Assert.Contains($"Peer {liar.EndPoint} is banned: it sent bad data", member.LogText); // and not closed for its silence
            TorrentDownload result = await member.EndAsync();
            Assert.True(result.State == TorrentState.Completed, $"{result} {result.Error}\n{member.LogText}");
            AssertHas(sample, member.Destination);
            Assert.Contains("Piece 0: by the hashes of its blocks, 1 peer sent bad data", member.LogText);
            Assert.DoesNotContain($"Peer {honest.EndPoint} is banned", member.LogText);
        }
    }

    [Theory]
    [InlineData(TorrentVersion.V2, 4, 0)]
    [InlineData(TorrentVersion.V2, 4, 3)]
    [InlineData(TorrentVersion.V2, 64, 0)]
    [InlineData(TorrentVersion.V2, 64, 20)]
    [InlineData(TorrentVersion.V2, 64, 63)]
    [InlineData(TorrentVersion.Hybrid, 4, 1)]
    [InlineData(TorrentVersion.Hybrid, 64, 40)]
    public async Task Only_the_bad_block_is_fetched_again(TorrentVersion version, int blocks, int bad)
    {
        // The liars send the whole piece, one after the other, and the honest peer sends the missing blocks.
        Sample sample = Sample.BuildV2(version, blocks * 16384, 7, ("one", blocks * 16384));
        using ScriptedSeed liar = new(sample) { Answer = (block, data) => block.Begin == bad * 16384 ? Spoil(data) : data, Hashes = _ => null };
        using ScriptedSeed second = new(sample) { Answer = (_, data) => Spoil(data), Hashes = _ => null, Unchokes = liar.Gone };
        using ScriptedSeed honest = new(sample) { Hashes = range => LeavesOf(sample, range), Unchokes = second.Gone };
        await using SwarmMember member = SwarmMember.Download(sample.Torrent, null, [liar.EndPoint, second.EndPoint, honest.EndPoint]);
        TorrentDownload result = await member.EndAsync();
        Assert.True(result.State == TorrentState.Completed, $"{result} {result.Error}\n{member.LogText}");
        AssertHas(sample, member.Destination);
        Assert.Equal((blocks, 1, 1), (liar.Requests.Count, second.Requests.Count, honest.Requests.Count));
        Assert.Equal(new BlockRequest(0, bad * 16384, 16384), honest.Requests.Single());
        Assert.Equal(((blocks + 2) * 16384L, 2 * 16384L), (result.Downloaded, result.Wasted));
        Assert.Contains($"Peer {second.EndPoint} is banned: it sent bad data", member.LogText);
        Assert.DoesNotContain($"Peer {honest.EndPoint} is banned", member.LogText);
    }

    [Theory]
    [InlineData("rejects")]
    [InlineData("lies")]
    [InlineData("goes")]
    public async Task Without_leaf_hashes_the_whole_piece_is_fetched_again(string what)
    {
        Sample sample = Sample.BuildV2(TorrentVersion.V2, 16 * 16384, 7, ("one", 16 * 16384));
        using ScriptedSeed liar = new(sample) { Answer = (block, data) => block.Begin == 0 ? Spoil(data) : data, Hashes = _ => null };
        ScriptedSeed? other = null;
        using (other = new ScriptedSeed(sample)
        {
            Unchokes = liar.Gone,
            Hashes = range =>
            {
                if (what == "goes")
                    other!.Dispose();
                return what == "lies" ? new byte[range.HashesLength] : null;
            },
        })
        {
            using ScriptedSeed honest = new(sample) { Hashes = _ => null, Unchokes = what == "rejects" ? new TaskCompletionSource().Task : other.Gone };
            await using SwarmMember member = SwarmMember.Download(sample.Torrent, null, what == "rejects" ? [liar.EndPoint, other.EndPoint] : [liar.EndPoint, other.EndPoint, honest.EndPoint]);
            TorrentDownload result = await member.EndAsync();
            Assert.True(result.State == TorrentState.Completed, $"{result} {result.Error}\n{member.LogText}");
            Assert.Equal(16, (what == "rejects" ? other : honest).Requests.Count);
            Assert.Equal(16 * 16384L, result.Wasted);
        }
    }

    [Fact]
    public async Task Hashes_that_do_not_lead_to_the_root_get_a_peer_banned_and_others_are_asked()
    {
        Sample sample = Sample.BuildV2(TorrentVersion.V2, PieceLength, 10, ("one", 20 * PieceLength));
        using ScriptedSeed liar = new(sample) { Hashes = range => new byte[range.HashesLength] };
        await using SwarmMember seed = await SwarmMember.SeedAsync(sample);
        await using SwarmMember member = SwarmMember.Download(sample.InfoOnly(), null, [liar.EndPoint]);
        await liar.Gone.WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
        Assert.Empty(liar.Requests); // nothing unverifiable is requested
        Assert.Contains($"Peer {liar.EndPoint} sent hashes that do not lead to their root", member.LogText);
        await member.StopAsync();
        using ScriptedSeed other = new(sample) { Hashes = _ => null };
        await using SwarmMember second = SwarmMember.Download(sample.InfoOnly(), null, [other.EndPoint, seed.EndPoint]);
        Assert.Equal(TorrentState.Completed, (await second.EndAsync()).State); // a peer that rejects is no liar, and another is asked
        Assert.DoesNotContain("is banned", second.LogText);
        AssertHas(sample, second.Destination);
    }

    [Fact]
    public async Task A_torrent_without_piece_hashes_is_seeded_when_the_data_is_complete()
    {
        Sample sample = Sample.BuildV2(TorrentVersion.V2, PieceLength, 8, s_files);
        await using SwarmMember seed = await SwarmMember.SeedAsync(sample, sample.InfoOnly());
        await using SwarmMember member = SwarmMember.Download(sample.InfoOnly(), null, [seed.EndPoint]);
        TorrentDownload result = await member.EndAsync();
        Assert.True(result.State == TorrentState.Completed, $"{result} {result.Error}\n{member.LogText}");
        AssertHas(sample, member.Destination);
    }

    [Fact]
    public async Task After_a_restart_hashes_are_not_asked_for_again()
    {
        Sample sample = Sample.BuildV2(TorrentVersion.V2, PieceLength, 12, ("one", 20 * PieceLength));
        HashProofs proofs = new(sample.Torrent, new PieceLayers(sample.Torrent));
        using TemporaryFolder folder = new();
        int asked = 0;
        using (ScriptedSeed first = new(sample)
        {
            Hashes = range => proofs.ProvePieces(0, range.Index, range.Length, range.ProofCount),
            Answer = (block, data) => block.Piece < 5 ? data : null,
        })
        {
            await using SwarmMember member = SwarmMember.Download(sample.InfoOnly(), folder.Path, [first.EndPoint], options => options with { Sequential = true });
            await member.UntilAsync(status => status.BytesCompleted == 5 * PieceLength);
            Assert.Equal(TorrentState.Stopped, (await member.StopAsync()).State);
        }

        // As after a kill: the data on disk must be verified, which only the saved hashes allow.
        File.SetLastWriteTimeUtc(Path.Join(folder.Path, "one"), DateTime.UtcNow.AddHours(-1));
        using ScriptedSeed second = new(sample)
        {
            Hashes = _ =>
            {
                Interlocked.Increment(ref asked);
                return null;
            },
        };
        await using SwarmMember again = SwarmMember.Download(sample.InfoOnly(), folder.Path, [second.EndPoint]);
        TorrentDownload result = await again.EndAsync();
        Assert.True(result.State == TorrentState.Completed, $"{result} {result.Error}\n{again.LogText}");
        Assert.Equal((15L * PieceLength, 0), (result.Downloaded, asked));
        AssertHas(sample, folder.Path);
    }

    [Fact]
    public async Task The_record_of_a_seed_has_the_hashes_computed_from_its_data()
    {
        Sample sample = Sample.BuildV2(TorrentVersion.V2, PieceLength, 13, s_files);
        using TemporaryFolder folder = new(), state = new();
        sample.Lay(folder.Path, [.. sample.Torrent.Files.Select(file => file.Index)]);
        TorrentClientOptions options = new() { StateFolder = state.Path };
        for (int i = 0; i < 2; i++)
        {
            await using SwarmMember seed = SwarmMember.Download(sample.InfoOnly(), folder.Path, [], options => options with { SeedOnly = true, SeedTime = Timeout.InfiniteTimeSpan }, options);
            await seed.ListensAsync();
            await using SwarmMember member = SwarmMember.Download(sample.InfoOnly(), null, [seed.EndPoint]);
            TorrentDownload result = await member.EndAsync();
            Assert.True(result.State == TorrentState.Completed, $"{i}: {result} {result.Error}\n{member.LogText}");
        }
    }

    private static bool HasFailed(SwarmMember member) => member.LogText.Contains("has the wrong hash", StringComparison.Ordinal);

    private static byte[] Spoil(byte[] data)
    {
        data[7] ^= 1;
        return data;
    }

    /// <summary>The leaf hashes of a torrent with one piece.</summary>
    private static byte[]? LeavesOf(Sample sample, HashRange range)
    {
        int count = sample.Torrent.PieceLength / 16384;
        if (range != new HashRange(0, 0, count, 0))
            return null;
        byte[] leaves = new byte[count * Merkle.HashLength];
        Merkle.HashBlocks(sample.Piece(0).Span, leaves);
        return leaves;
    }

    private static void AssertHas(Sample sample, string folder)
    {
        foreach (TorrentFile file in sample.Torrent.Files.Where(file => !file.IsPadding))
            Assert.Equal(sample.File(file.Index).ToArray(), SharedFile.ReadAllBytes(Path.Join(folder, file.Path)));
    }
}
