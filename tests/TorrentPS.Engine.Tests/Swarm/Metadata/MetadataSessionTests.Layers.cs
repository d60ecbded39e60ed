using System.Text;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Metadata;

/// <content>The piece layers that a version 2 .torrent has beside the metadata (BEP 52).</content>
public sealed partial class MetadataSessionTests
{
    // More than 512 pieces in a file, so that its hashes arrive in several parts with proofs; a file of one piece has none.
    private static readonly (string, int)[] s_files = [("a", 1100 * 16384 + 5), ("b", 90_000), ("c", 16384)];
    private static readonly Sample s_v2 = Sample.BuildV2(TorrentVersion.V2, 16384, 3, s_files);
    private static readonly Sample s_hybrid = Sample.BuildV2(TorrentVersion.Hybrid, 16384, 3, s_files);

    private readonly List<string> _warnings = [];

    private ResolveOptions Warned => new() { OnWarning = _warnings.Add };

    [Theory]
    [InlineData(TorrentVersion.V2)]
    [InlineData(TorrentVersion.Hybrid)]
    public async Task The_piece_layers_come_from_several_peers(TorrentVersion version)
    {
        Sample sample = version == TorrentVersion.V2 ? s_v2 : s_hybrid;
        Link = Torrent.FromLink(MagnetLink.FromTorrent(sample.Torrent));
        MetadataGiver[] givers = [HashGiver(sample), HashGiver(sample)];
        Torrent torrent = (await ResolveAsync(givers, Warned)).Torrent;
        Assert.Equal(sample.Torrent.PieceLayers, torrent.PieceLayers);
        Assert.Equal(sample.Torrent.FileLayers!.Select(layer => layer.ToArray()), torrent.FileLayers!.Select(layer => layer.ToArray()));
        Torrent written = Torrent.Parse(torrent.ToBytes());
        Assert.Equal((sample.Torrent.InfoHash, sample.Torrent.PieceLayers.Length), (written.InfoHash, written.PieceLayers.Length));
        Assert.Empty(_warnings);
        HashRange[] asked = [.. givers.SelectMany(giver => giver.HashRequests)];
        Assert.Equal(4, asked.Distinct().Count()); // three parts for the long file, one for the short
    }

    [Theory]
    [InlineData("lies")]
    [InlineData("sends too few")]
    [InlineData("floods")]
    [InlineData("rejects")]
    [InlineData("says nothing")]
    public async Task The_hashes_of_one_honest_peer_are_enough_whatever_others_do(string what)
    {
        Link = Torrent.FromLink(MagnetLink.FromTorrent(s_v2.Torrent));
        MetadataGiver hostile = new(s_v2.Torrent.InfoBytes.ToArray())
        {
            Hashes = range => what switch
            {
                "lies" => [Hashes(s_v2, range, new byte[range.HashesLength])],
                "sends too few" => [Hashes(s_v2, range, new byte[32])],
                "floods" => Enumerable.Repeat(Hashes(s_v2, range with { Index = 1 << 20 }, new byte[32]), 100),
                "rejects" => [Hashes(s_v2, range, null)],
                _ => [],
            },
        };
        Start(Warned);
        Connect(hostile);
        Assert.True(await Task.Run(() => SpinWait.SpinUntil(() => !hostile.HashRequests.IsEmpty && (what is "rejects" or "says nothing" || hostile.IsClosed), s_limit), TestContext.Current.CancellationToken));
        Connect(HashGiver(s_v2));
        Assert.Equal(s_v2.Torrent.PieceLayers, (await EndAsync()).Torrent.PieceLayers);
        Assert.Empty(_warnings);
        if (what == "lies")
            Assert.Contains(Log(), line => line.Contains("is banned: it sent hashes that do not lead to their root", StringComparison.Ordinal));
        else if (what is "sends too few" or "floods")
            Assert.Contains(Log(), line => line.Contains("broke the protocol", StringComparison.Ordinal));
        else
            Assert.False(hostile.IsClosed && Array.Exists(Log(), line => line.Contains("banned", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(TorrentVersion.V2)]
    [InlineData(TorrentVersion.Hybrid)]
    public async Task Without_hashes_from_any_peer_the_result_is_incomplete_with_a_warning(TorrentVersion version)
    {
        Sample sample = version == TorrentVersion.V2 ? s_v2 : s_hybrid;
        Link = Torrent.FromLink(MagnetLink.FromTorrent(sample.Torrent));
        MetadataGiver giver = new(sample.Torrent.InfoBytes.ToArray()) { Hashes = range => [Hashes(sample, range, null)] };
        Torrent torrent = (await ResolveAsync([giver], Warned)).Torrent;
        Assert.Equal((sample.Torrent.InfoHash, 0), (torrent.InfoHash, torrent.PieceLayers.Length));
        Assert.InRange(_session.Swarm.Now, 20, 25);
        Assert.StartsWith("The piece layers of 'T' were not received: no peer sent more of them for 20 s. Its .torrent does not contain them", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_time_out_ends_the_wait_for_hashes_but_not_the_result()
    {
        Link = Torrent.FromLink(MagnetLink.FromTorrent(s_v2.Torrent));
        MetadataGiver giver = HashGiver(s_v2, range => range.Index == 0);
        Torrent torrent = (await ResolveAsync([giver], Warned with { Timeout = TimeSpan.FromSeconds(10) })).Torrent;
        Assert.True(torrent.PieceLayers.IsEmpty); // all or none
        Assert.InRange(_session.Swarm.Now, 10, 15);
        Assert.Matches("peers sent [1-9][0-9] % of everything within 10 s", Assert.Single(_warnings));
    }

    [Fact]
    public async Task A_hybrid_with_version_1_peers_only_is_resolved_at_once()
    {
        Link = Torrent.FromLink(MagnetLink.Parse($"magnet:?xt=urn:btih:{Convert.ToHexString(s_hybrid.Torrent.InfoHash.V1)}"));
        Torrent torrent = (await ResolveAsync([new MetadataGiver(s_hybrid.Torrent.InfoBytes.ToArray())], Warned)).Torrent;
        Assert.Equal((s_hybrid.Torrent.InfoHash, 0), (torrent.InfoHash, torrent.PieceLayers.Length));
        Assert.Contains("no peer of version 2 is connected", Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.InRange(_session.Swarm.Now, 0, 4);
    }

    [Fact]
    public async Task A_hybrid_known_by_both_hashes_waits_briefly_for_a_version_2_peer()
    {
        Link = Torrent.FromLink(MagnetLink.FromTorrent(s_hybrid.Torrent));
        await ResolveAsync([new MetadataGiver(s_hybrid.Torrent.InfoBytes.ToArray())], Warned);
        Assert.Contains("no peer of version 2 is connected", Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.InRange(_session.Swarm.Now, 5, 19); // the fake clock may run ahead of the answers; without any peer the wait would be 20 s
    }

    [Fact]
    public async Task A_download_requests_its_metadata_itself()
    {
        Link = Torrent.FromLink(MagnetLink.FromTorrent(s_v2.Torrent));
        MetadataGiver giver = HashGiver(s_v2);
        ResolvedTorrent resolved = await ResolveAsync([giver], Warned, handsOver: true);
        Assert.Empty(giver.HashRequests);
        Assert.Empty(_warnings);
        Assert.Single(resolved.Handover!.Peers);
        await resolved.Handover.CloseAsync(_services.Connector);
    }

    [Fact]
    public async Task Layers_that_no_torrent_file_can_have_are_not_requested()
    {
        byte[] info = [.. Encoding.Latin1.GetBytes($"d9:file treed1:ad0:d6:lengthi{320_000L * 16384}e11:pieces root32:{new string('r', 32)}eee12:meta versioni2e4:name1:a12:piece lengthi16384ee")];
        Link = Torrent.FromLink(MagnetLink.Parse($"magnet:?xt=urn:btmh:1220{Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(info))}"));
        MetadataGiver giver = new(info) { Hashes = _ => [] };
        Assert.Equal(320_000, (await ResolveAsync([giver], Warned)).Torrent.PieceCount);
        Assert.Empty(giver.HashRequests);
        Assert.Contains("they have 10240032 bytes, more than a .torrent may have", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    private Task<ResolvedTorrent> ResolveAsync(MetadataGiver[] givers, ResolveOptions options, bool handsOver = false)
    {
        Start(options, handsOver);
        foreach (MetadataGiver giver in givers)
            Connect(giver);
        return EndAsync();
    }

    /// <summary>A peer that has metadata and hashes, and sends the hashes chosen by a test.</summary>
    private static MetadataGiver HashGiver(Sample sample, Predicate<HashRange>? gives = null)
    {
        HashProofs proofs = new(sample.Torrent, new PieceLayers(sample.Torrent));
        return new MetadataGiver(sample.Torrent.InfoBytes.ToArray())
        {
            Hashes = range => gives?.Invoke(range) == false ? [] : [Hashes(sample, range, proofs.ProvePieces(FileOf(sample, range), range.Index, range.Length, range.ProofCount))],
        };
    }

    /// <summary>The files differ in their number of pieces, and so in the requested ranges.</summary>
    private static int FileOf(Sample sample, HashRange range) => sample.Torrent.Files.First(file => file.Path == (range.Length == 8 ? "T/b" : "T/a")).Index;

    private static byte[] Hashes(Sample sample, HashRange range, byte[]? hashes)
    {
        byte[] message = new byte[HashMessage.Length + (hashes?.Length ?? 0)];
        HashMessage.Write(message, hashes is null ? MessageId.HashReject : MessageId.Hashes, sample.Torrent.PieceRoots![FileOf(sample, range)].Span, range, hashes?.Length ?? 0);
        hashes?.CopyTo(message, HashMessage.Length);
        return message;
    }
}
