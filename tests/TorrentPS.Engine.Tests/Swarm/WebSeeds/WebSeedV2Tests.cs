using System.Text;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Swarm.WebSeeds;

/// <summary>Web seeds of version 2 and hybrid torrents (BEP 52), in which each file starts a piece.</summary>
public sealed class WebSeedV2Tests
{
    private const int PieceLength = 65536;

    private static readonly (string, int)[] s_files = [("a/deep", 100), ("b", 5 * PieceLength + 20_000), ("empty", 0), ("exact", PieceLength), ("z", 40_000)];

    private static byte[] With(Sample sample, Uri seed)
    {
        byte[] bytes = sample.Torrent.ToBytes().ToArray();
        return [.. bytes[..^1], .. Encoding.ASCII.GetBytes($"8:url-list{seed.OriginalString.Length}:{seed.OriginalString}e")];
    }

    private static async Task<TorrentDownload> CompleteAsync(Sample sample, SwarmMember member)
    {
        TorrentDownload result = await member.EndAsync();
        Assert.True(result.State == TorrentState.Completed, $"{result.State} {result.Error}\n{member.LogText}");
        foreach (TorrentFile file in sample.Torrent.Files.Where(file => !file.IsPadding))
            Assert.True(sample.File(file.Index).SequenceEqual(SharedFile.ReadAllBytes(Path.Join(member.Destination, file.Path))), file.Path);
        return result;
    }

    [Theory]
    [InlineData(TorrentVersion.V2, false)]
    [InlineData(TorrentVersion.V2, true)]
    [InlineData(TorrentVersion.Hybrid, false)]
    [InlineData(TorrentVersion.Hybrid, true)]
    public async Task All_files_come_from_a_web_seed_alone_without_requests_for_padding(TorrentVersion version, bool ignoresRanges)
    {
        Sample sample = Sample.BuildV2(version, PieceLength, 21, s_files);
        using WebSeedServer server = new(sample) { IgnoresRanges = ignoresRanges };
        await using SwarmMember member = SwarmMember.Download(Torrent.Parse(With(sample, server.Root)), null, []);
        TorrentDownload result = await CompleteAsync(sample, member);
        Assert.Equal(s_files.Sum(file => file.Item2), result.Downloaded - result.Wasted);
        Assert.Equal(["/T/a/deep", "/T/b", "/T/exact", "/T/z"], server.Requests.Select(request => request.Target).Distinct().Order(StringComparer.Ordinal));
        Assert.All(server.Requests, request => Assert.True(request.Last < s_files.First(file => $"/T/{file.Item1}" == request.Target).Item2, $"{request} is beyond the end"));
    }

    [Fact]
    public async Task Pieces_without_hashes_come_from_the_web_seed_when_a_peer_has_sent_these()
    {
        Sample sample = Sample.BuildV2(TorrentVersion.V2, PieceLength, 22, ("one", 20 * PieceLength));
        HashProofs proofs = new(sample.Torrent, new PieceLayers(sample.Torrent));
        using WebSeedServer server = new(sample);
        using ScriptedSeed peer = new(sample) { Hashes = range => proofs.ProvePieces(0, range.Index, range.Length, range.ProofCount), Unchokes = new TaskCompletionSource().Task };
        MagnetLink link = MagnetLink.Parse($"{MagnetLink.FromTorrent(sample.Torrent)}&ws={Uri.EscapeDataString(server.Root.OriginalString)}");
        await using SwarmMember member = SwarmMember.Download(Torrent.ParseInfo(sample.Torrent.InfoBytes, link), null, [peer.EndPoint]);
        await CompleteAsync(sample, member);
        Assert.Empty(peer.Requests);
        Assert.NotEmpty(server.Requests);
    }

    [Theory]
    [InlineData(TorrentVersion.V2)]
    [InlineData(TorrentVersion.Hybrid)]
    public async Task Leaf_hashes_find_wrong_data_of_a_server(TorrentVersion version)
    {
        const int Blocks = 64, Bad = 37;
        Sample sample = Sample.BuildV2(version, Blocks * 16384, 23, ("one", Blocks * 16384)), spoilt = Sample.BuildV2(version, Blocks * 16384, 23, ("one", Blocks * 16384));
        spoilt.Content[Bad * 16384 + 5] ^= 1;
        TaskCompletionSource banned = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using WebSeedServer server = new(spoilt);
        using ScriptedSeed peer = new(sample) { Hashes = _ => Leaves(sample), Unchokes = banned.Task };
        await using SwarmMember member = SwarmMember.Download(Torrent.Parse(With(sample, server.Root)), null, [peer.EndPoint]);
        await member.UntilAsync(_ => member.LogText.Contains($"Web seed {server.Root} is banned: it sent bad data", StringComparison.Ordinal));
        banned.SetResult();
        TorrentDownload result = await CompleteAsync(sample, member);
        Assert.Equal(Bad * 16384, Assert.Single(peer.Requests).Begin);
        Assert.Equal((16384L, (Blocks + 1) * 16384L), (result.Wasted, result.Downloaded));
    }

    private static byte[] Leaves(Sample sample)
    {
        byte[] leaves = new byte[sample.Torrent.PieceLength / 16384 * Merkle.HashLength];
        Merkle.HashBlocks(sample.Piece(0).Span, leaves);
        return leaves;
    }
}
