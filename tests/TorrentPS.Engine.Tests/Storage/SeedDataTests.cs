using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Engine.Storage.Records;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>Data to be seeded: whether it is complete and unchanged, and what is wrong with it.</summary>
public sealed class SeedDataTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Sample _sample = Sample.Make(16, 1, ("a", 36), ("b", 20), ("c", 8), ("d", 40), ("e", 12));

    public void Dispose() => _folder.Dispose();

    private DataStore Open(params int[] wanted) => new(_sample.Torrent, _folder.Path, wanted.Length == 0 ? _sample.All : _sample.Only(wanted), readOnly: true);

    [Fact]
    public void All_wanted_files_must_exist_with_the_right_length()
    {
        _sample.Lay(_folder.Path, 0, 1, 2, 3);
        using DataStore all = Open(), some = Open(0, 1, 2, 3);
        Assert.Equal((true, false), (all.HasMissingFiles, all.HasAllLengths));
        Assert.Equal((false, true), (some.HasMissingFiles, some.HasAllLengths));
        File.AppendAllText(_folder["T/a"], "x");
        Assert.Equal((false, false), (some.HasMissingFiles, some.HasAllLengths)); // longer: nothing is missing
        File.WriteAllBytes(_folder["T/a"], new byte[35]);
        Assert.Equal((true, false), (some.HasMissingFiles, some.HasAllLengths));
    }

    [Fact]
    public void A_record_is_valid_while_every_wanted_file_has_the_same_length_and_time()
    {
        _sample.Lay(_folder.Path, 0, 1, 2, 3, 4);
        using DataStore store = Open();
        ResumeRecord record = store.MakeSeedRecord();
        Assert.True(record.Have.IsFull);
        Assert.True(store.IsUnchangedSince(record));
        using DataStore other = Open(0, 1);
        Assert.False(other.IsUnchangedSince(record)); // another selection
        Bitfield less = record.Have.Clone();
        less.Remove(0);
        Assert.False(store.IsUnchangedSince(record with { Have = less }));
        Assert.True(store.IsUnchangedSince(record));
        File.SetLastWriteTimeUtc(_folder["T/e"], File.GetLastWriteTimeUtc(_folder["T/e"]).AddSeconds(-9));
        Assert.False(store.IsUnchangedSince(record));
        ResumeRecord some = other.MakeSeedRecord();
        File.Delete(_folder["T/e"]);
        Assert.True(other.IsUnchangedSince(some)); // unwanted files do not count
        File.AppendAllText(_folder["T/b"], "x");
        Assert.False(other.IsUnchangedSince(some));
    }

    [Fact]
    public void Describes_the_first_three_wrong_files_and_the_number_of_others()
    {
        using DataStore store = Open();
        Assert.Equal($"'{_folder["T"]}' does not exist. Name the folder that 'T' is in.", store.DescribeFaults(null));
        _sample.Lay(_folder.Path, 0, 3, 4);
        Directory.CreateDirectory(_folder["T/b"]);
        Assert.Equal($"'{_folder["T"]}' is not what the torrent describes: 'T/b' is a folder, 'T/c' is missing.", store.DescribeFaults(null));
        File.WriteAllBytes(_folder["T/d"], new byte[39]);
        Assert.EndsWith("'T/c' is missing, 'T/d' has 39 of 40 bytes.", store.DescribeFaults(null), StringComparison.Ordinal);
        File.Delete(_folder["T/e"]);
        Assert.EndsWith("'T/d' has 39 of 40 bytes, and 1 more file is wrong.", store.DescribeFaults(null), StringComparison.Ordinal);
        File.Delete(_folder["T/a"]);
        Assert.EndsWith("'T/a' is missing, 'T/b' is a folder, 'T/c' is missing, and 2 more files are wrong.", store.DescribeFaults(null), StringComparison.Ordinal);
    }

    [Fact]
    public void Reports_how_many_pieces_of_a_file_differ()
    {
        _sample.Lay(_folder.Path, 0, 1, 2, 3, 4);
        using DataStore store = Open();
        Bitfield have = store.MakeSeedRecord().Have;
        have.Remove(0);
        have.Remove(2); // shared by the first two
        Assert.Equal($"'{_folder["T"]}' is not what the torrent describes: 'T/a' differs in 2 of 3 pieces, 'T/b' differs in 1 of 2 pieces.", store.DescribeFaults(have));
    }

    [Theory]
    [InlineData("a", "a", true)]
    [InlineData("a", "b", false)]
    [InlineData("a", "1", false)]
    [InlineData("1", "a", false)]
    [InlineData("1000", "1060", true)]
    [InlineData("1060", "1000", true)]
    [InlineData("1000", "1061", false)]
    [InlineData("1061", "1000", false)]
    [InlineData("+1", "1", false)]
    public void System_starts_that_differ_by_at_most_a_minute_are_one(string one, string other, bool same) => Assert.Equal(same, SystemStart.AreSame(one, other));

    [Theory]
    [InlineData(".torrentps")]
    [InlineData(".TorrentPS/x")]
    [InlineData("TORREN~1")]
    [InlineData("torren~12/x")]
    [InlineData("t~1")]
    [InlineData("TO1A2B~3")]
    [InlineData("toffff~1")]
    public void Nothing_leads_to_the_control_folder_by_any_of_its_names(string path) =>
        Assert.Contains("cannot be used", Assert.Throws<Engine.Errors.TorrentException>(() => new DestinationFolder(_folder.Path).FullPath(path)).Message);

    [Theory]
    [InlineData("TORREN~")]
    [InlineData("TORREN~x")]
    [InlineData("TORREN~1x")]
    [InlineData("TORRENT~1")]
    [InlineData("~1")]
    [InlineData("X~1")]
    [InlineData("TOXX2B~1")]
    [InlineData("TP1A2B~1")]
    [InlineData("TO1A2~1")]
    [InlineData("x/.torrentps")]
    [InlineData("torrentps")]
    public void Similar_names_are_ordinary_names(string path) => Assert.Equal(_folder[path], new DestinationFolder(_folder.Path).FullPath(path));

    [Fact]
    public void Hashes_from_peers_must_agree_with_the_data()
    {
        Sample hybrid = Sample.BuildV2(TorrentVersion.Hybrid, 16384, 4, ("f", 700 * 16384));
        PieceLayers known = new(hybrid.Torrent);
        Assert.True(known.TryGetLayer(0, out ReadOnlyMemory<byte> right));
        foreach (int wrong in (int[])[512, 513, 699])
        {
            PieceLayers layers = new(hybrid.InfoOnly());
            foreach (int piece in (int[])[512, 513, 699])
                Assert.True(layers.Offer(piece, right.Span.Slice(piece * 32, 32)));
            byte[] hashes = right.ToArray();
            hashes[wrong * 32 + 31] ^= 1;
            layers.Add(0, 0, hashes); // not verified
            Assert.True(layers.IsKnown(511));
            Assert.Contains("v1 and v2 hashes are of different data (piece 512)", Assert.Throws<Engine.Errors.TorrentException>(() => layers.Add(0, 1, hashes.AsSpan(512 * 32))).Message);
            Assert.False(layers.IsKnown(512));
            hashes[wrong * 32 + 31] ^= 1;
            hashes[600 * 32] ^= 1; // not verified either
            layers.Add(0, 1, hashes.AsSpan(512 * 32));
            Assert.True(layers.IsComplete);
            Assert.True(layers.Offer(513, right.Span.Slice(513 * 32, 32)));
            Assert.False(layers.Offer(600, right.Span.Slice(600 * 32, 32)));
        }
    }
}
