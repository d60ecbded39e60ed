using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Files that are read during their download.</summary>
public sealed class StreamingTests
{
    private const int PieceLength = 32768;

    private static readonly Sample s_files = Sample.Make(PieceLength, 9, ("one", 20 * PieceLength + 1000), ("none", 0), ("skipped", 3 * PieceLength), ("two", 15 * PieceLength));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void The_first_and_the_last_piece_of_each_wanted_file_are_urgent()
    {
        Bitfield pieces = HeadsAndTails.Of(s_files.Torrent, [true, true, false, true]);
        // The second file shares its first piece with the one before it.
        // A hundredth of each, which at the ends lies in two pieces.
        Assert.Equal([0, 19, 20, 23, 37, 38], Enumerable.Range(0, pieces.Length).Where(piece => pieces[piece]));
    }

    [Fact]
    public void A_hundredth_of_a_long_file_with_short_pieces_is_urgent_and_at_most_a_MiB()
    {
        Torrent torrent = SwarmData.Pieces(1000, blocks: 1);
        Bitfield pieces = HeadsAndTails.Of(torrent, [true]);
        Assert.Equal([.. Enumerable.Range(0, 10), .. Enumerable.Range(990, 10)], Enumerable.Range(0, pieces.Length).Where(piece => pieces[piece]));
        Assert.Equal(2 * 64, HeadsAndTails.Of(SwarmData.Pieces(100_000, blocks: 1), [true]).Count);
        Assert.Equal(1, HeadsAndTails.Of(SwarmData.Pieces(1), [true]).Count);
    }

    [Fact]
    public void In_sequence_a_run_of_urgent_pieces_ends_with_them()
    {
        PiecePicker picker = new(SwarmData.Pieces(8, blocks: 1), new SegmentPool(0), SwarmData.All(8), new Bitfield(8), true, new Random(1), urgent: SwarmData.Set(8, 0, 1, 7));
        PeerState source = SwarmData.Seed(8), other = SwarmData.Seed(8);
        List<Outstanding> Claim(PeerState of)
        {
            List<Outstanding> run = [];
            Assert.True(picker.Runs.TryClaim(of, 5, 1 << 20, run));
            return run;
        }

        Assert.Equal([0, 1], Claim(source).Select(item => item.Piece.Index));
        Assert.True(picker.TryPick(other, out Outstanding tail));
        Assert.Equal(7, tail.Piece.Index);
        Assert.Equal([2, 3, 4, 5, 6], Claim(source).Select(item => item.Piece.Index));
    }

    /// <summary>The data arrives a few blocks at a time, and after each few a reader with separate handles reads all that is reported as present.</summary>
    [Fact]
    public async Task Only_correct_data_is_visible_to_other_programs()
    {
        long last = 0;
        using SemaphoreSlim next = new(0);
        // A wrong block now and then: the pieces it spoils are not yet available to readers.
        int sent = 0;
        using ScriptedSeed seed = new(s_files)
        {
            Delay = _ => next.WaitAsync(Token),
            Answer = (_, data) =>
            {
                if (Interlocked.Increment(ref sent) == 9)
                    data[5] ^= 1;
                return data;
            },
        };
        using ScriptedSeed honest = new(s_files) { Delay = _ => next.WaitAsync(Token) };
        await using SwarmMember leecher = SwarmMember.Download(s_files.Torrent, null, [seed.EndPoint, honest.EndPoint], options => options with { Sequential = true, Exclude = ["skipped"] });
        const int Blocks = 12;
        for (int look = 0; look < 4; look++)
        {
            next.Release(Blocks);
            Task<TorrentDownload> more = leecher.UntilAsync(status => status.BytesCompleted > last);
            // The pieces of these blocks depend on their senders: until one is complete, there are a few more.
            while (await Task.WhenAny(more, Task.Delay(200, Token)) != more)
                next.Release(2);
            TorrentDownload status = await more;
            last = status.BytesCompleted;
            ReadAlong(leecher.Destination, status.ContiguousBytes);
        }

        next.Release(1000);
        TorrentDownload result = await leecher.EndAsync();
        Assert.Equal((TorrentState.Completed, result.BytesWanted), (result.State, result.ContiguousBytes));
        ReadAlong(leecher.Destination, result.ContiguousBytes);
    }

    private static void ReadAlong(string folder, long bytes)
    {
        foreach (TorrentFile file in s_files.Torrent.Files.Where(file => !file.Path.EndsWith("skipped", StringComparison.Ordinal)))
        {
            int length = (int)Math.Min(bytes, file.Length);
            bytes -= length;
            byte[] read = new byte[length];
            using FileStream stream = SharedFile.Open(Path.Join(folder, file.Path));
            stream.ReadExactly(read);
            Assert.Equal(file.Length, stream.Length);
            Assert.True(s_files.File(file.Index)[..length].SequenceEqual(read), file.Path);
        }
    }
}
