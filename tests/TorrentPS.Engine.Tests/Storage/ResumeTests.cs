using System.Security.Cryptography;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Records;

namespace TorrentPS.Engine.Tests.Storage;

public sealed class ResumeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Sample _sample = Sample.Make(16, 1, ("a", 36), ("skip", 30), ("b", 40), (".pad", 6), ("c", 20));

    private string ResumePath => Path.Join(_folder.Path, ".torrentps", $"{_sample.Torrent.InfoHash}.resume");

    private string PartsPath => Path.ChangeExtension(ResumePath, ".parts");

    private bool[] Wanted => _sample.Only(0, 2, 4);

    // a: 0 1 2, skip: 2 3 4, b: 4 5 6, c: 7 8. Piece 3 is all of "skip".
    private static int[] WantedPieces => [0, 1, 2, 4, 5, 6, 7, 8];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Saved_pieces_are_trusted()
    {
        Save();
        using DataStore store = Open();
        ResumeData resume = store.LoadResume()!;
        Assert.Equal(WantedPieces, Indices(resume.Have));
        Assert.Empty(Indices(resume.Suspect));
        store.Prepare();
        Assert.Equal(WantedPieces, Indices(store.LoadResume()!.Have));
        Assert.False(File.Exists(ResumePath + ".tmp"));
    }

    [Fact]
    public void Without_a_file_there_is_nothing()
    {
        using DataStore store = Open();
        Assert.Null(store.LoadResume());
        store.DeleteResume();
        Assert.False(Path.Exists(store.ControlPath));
    }

    [Fact]
    public void Deleting_removes_everything()
    {
        Save();
        using DataStore store = Open();
        store.DeleteResume();
        Assert.Null(store.LoadResume());
        Assert.False(Path.Exists(store.ControlPath));
        Assert.True(File.Exists(_folder["T/a"]));
    }

    [Fact]
    public void A_file_written_since_the_save_makes_all_its_pieces_suspect()
    {
        using (DataStore killed = Open())
        {
            killed.Prepare();
            killed.Write(4, 0, [_sample.Piece(4)]);
            Bitfield have = new(_sample.Torrent.PieceCount);
            have.Add(4);
            killed.SaveResume(have);

            // After the save: recovery finds this piece.
            killed.Write(5, 0, [_sample.Piece(5)]);
            File.SetLastWriteTimeUtc(_folder["T/b"], DateTime.UtcNow.AddSeconds(5));
        }

        using DataStore store = Open();
        ResumeData resume = store.LoadResume()!;
        Assert.Empty(Indices(resume.Have));
        Assert.Equal([4, 5, 6], Indices(resume.Suspect));
    }

    /// <summary>A piece written between the snapshot of <c>have</c> and the save would be in neither if the file's times were recorded.</summary>
    [Fact]
    public void While_writing_continues_no_file_just_written_is_vouched_for()
    {
        using DataStore running = Open();
        running.Prepare();
        Bitfield have = new(_sample.Torrent.PieceCount);
        running.Write(0, 0, [_sample.Piece(0)]);
        running.Write(7, 0, [_sample.Piece(7)]);
        have.Add(0);
        have.Add(7);
        running.Write(8, 0, [_sample.Piece(8)]); // not in have yet
        Assert.False(running.SaveResume(have, underWay: true));
        ResumeData resume = Load();
        Assert.Equal([0, 1, 2, 7, 8], Indices(resume.Suspect));
        Assert.Empty(Indices(resume.Have));

        // Nothing was written since, so all times are recorded.
        have.Add(8);
        Assert.True(running.SaveResume(have, underWay: true));
        resume = Load();
        Assert.Empty(Indices(resume.Suspect));
        Assert.Equal([0, 7, 8], Indices(resume.Have));

        // Only the pieces of the file that was written again are verified.
        running.Write(1, 0, [_sample.Piece(1)]);
        Assert.False(running.SaveResume(have, underWay: true));
        resume = Load();
        Assert.Equal([0, 1, 2], Indices(resume.Suspect));
        Assert.Equal([7, 8], Indices(resume.Have));

        // At the end there are no more writes.
        have.Add(1);
        running.Write(1, 0, [_sample.Piece(1)]);
        Assert.True(running.SaveResume(have));
        Assert.Equal([0, 1, 7, 8], Indices(Load().Have));

        ResumeData Load()
        {
            using DataStore store = Open();
            return store.LoadResume()!;
        }
    }

    [Fact]
    public void A_missing_file_loses_only_its_own_pieces()
    {
        Save();
        File.Delete(_folder["T/b"]);
        using DataStore store = Open();
        ResumeData resume = store.LoadResume()!;
        Assert.Equal([0, 1, 2, 7, 8], Indices(resume.Have));
        Assert.Empty(Indices(resume.Suspect));
    }

    [Fact]
    public void A_file_of_another_length_is_suspect()
    {
        Save();
        DateTime time = File.GetLastWriteTimeUtc(_folder["T/a"]);
        File.AppendAllText(_folder["T/a"], "x");
        File.SetLastWriteTimeUtc(_folder["T/a"], time);
        using DataStore store = Open();
        ResumeData resume = store.LoadResume()!;
        Assert.Equal([4, 5, 6, 7, 8], Indices(resume.Have));
        Assert.Equal([0, 1, 2], Indices(resume.Suspect));
    }

    [Fact]
    public void Without_the_parts_file_only_shared_pieces_are_suspect()
    {
        Save();
        File.Delete(PartsPath);
        using DataStore store = Open();
        ResumeData resume = store.LoadResume()!;
        Assert.Equal([0, 1, 5, 6, 7, 8], Indices(resume.Have));
        Assert.Equal([2, 4], Indices(resume.Suspect));
    }

    [Fact]
    public void After_a_restart_of_the_system_only_flushed_data_is_trusted()
    {
        Save();
        Rewrite(record => record with { Boot = "another start" });
        using DataStore store = Open();
        ResumeData resume = store.LoadResume()!;
        Assert.Empty(Indices(resume.Have));
        Assert.Equal(WantedPieces, Indices(resume.Suspect));

        store.Prepare();
        Bitfield have = resume.Suspect;
        store.SaveResume(have, flush: true);
        Assert.Equal("", ResumeRecord.Decode(SharedFile.ReadAllBytes(ResumePath), _sample.Torrent)!.Boot);
        Assert.Equal(WantedPieces, Indices(store.LoadResume()!.Have));
    }

    [Fact]
    public void Every_truncation_and_every_flipped_bit_is_detected()
    {
        Save();
        byte[] good = SharedFile.ReadAllBytes(ResumePath);
        using DataStore store = Open();
        for (int length = 0; length < good.Length; length++)
        {
            File.WriteAllBytes(ResumePath, good[..length]);
            Assert.Null(store.LoadResume());
        }

        for (int i = 0; i < good.Length; i++)
        {
            byte[] bad = [.. good];
            bad[i] ^= (byte)(1 << (i % 8));
            Assert.Null(ResumeRecord.Decode(bad, _sample.Torrent));
        }

        File.WriteAllBytes(ResumePath, [.. good, 0]);
        Assert.Null(store.LoadResume());
        File.WriteAllBytes(ResumePath, new byte[1 << 20]);
        Assert.Null(store.LoadResume());
        File.WriteAllBytes(ResumePath, good);
        Assert.NotNull(store.LoadResume());
    }

    [Fact]
    public void Hostile_content_with_a_right_digest_is_detected()
    {
        Save();
        using DataStore store = Open();
        string[] states =
        [
            "", "i1e", "le", "d", "de", "d4:havei1ee", "d7:versioni1ee", "d7:version1:1e", "d7:versioni99999999999999999999ee",
            "d9:info hashi1ee", "d4:boot1:x4:have999999999:e", new string('l', 1000), "d1:a" + new string('d', 500),
        ];
        foreach (string state in states)
        {
            File.WriteAllBytes(ResumePath, Seal(System.Text.Encoding.Latin1.GetBytes(state)));
            Assert.Null(store.LoadResume());
        }
    }

    [Fact]
    public void Wrong_field_lengths_are_detected()
    {
        Save();
        int pieces = _sample.Torrent.PieceCount;
        Func<ResumeRecord, ResumeRecord>[] changes =
        [
            record => record with { Have = new Bitfield(pieces + 8) },
            record => record with { Have = new Bitfield(pieces - 8) },
            record => record with { Selection = [.. record.Selection, .. new bool[8]] },
            record => record with { Sizes = record.Sizes[1..] },
            record => record with { Times = [.. record.Times, 1] },
        ];
        byte[] good = SharedFile.ReadAllBytes(ResumePath);
        using DataStore store = Open();
        foreach (Func<ResumeRecord, ResumeRecord> change in changes)
        {
            Rewrite(change);
            Assert.Null(store.LoadResume());
            File.WriteAllBytes(ResumePath, good);
        }

        Rewrite(record => record with { Times = [.. record.Times.Select(_ => long.MinValue)], Sizes = [.. record.Sizes.Select(_ => long.MaxValue)] });
        Assert.Empty(Indices(store.LoadResume()!.Have));
    }

    [Fact]
    public void Another_torrents_file_is_not_taken()
    {
        Save();
        Sample other = Sample.Make(16, 2, ("a", 36), ("skip", 30), ("b", 40), (".pad", 6), ("c", 20));
        File.Copy(ResumePath, Path.Join(_folder.Path, ".torrentps", $"{other.Torrent.InfoHash}.resume"));
        using DataStore store = new(other.Torrent, _folder.Path, Wanted);
        Assert.Null(store.LoadResume());
    }

    [Fact]
    public void When_saving_fails_the_previous_file_stays()
    {
        Save();
        byte[] good = SharedFile.ReadAllBytes(ResumePath);
        Directory.CreateDirectory(ResumePath + ".tmp");
        using DataStore store = Open();
        TorrentException e = Assert.Throws<TorrentException>(() => store.SaveResume(new Bitfield(_sample.Torrent.PieceCount)));
        Assert.Contains(ResumePath, e.Message);
        Assert.Equal(good, SharedFile.ReadAllBytes(ResumePath));
    }

    private static int[] Indices(Bitfield pieces) => VerifyTests.Indices(pieces);

    private DataStore Open() => new(_sample.Torrent, _folder.Path, Wanted);

    private void Save()
    {
        using DataStore store = Open();
        store.Prepare();
        _sample.WriteAll(store);
        store.SaveResume(store.WantedPieces);
    }

    private void Rewrite(Func<ResumeRecord, ResumeRecord> change)
    {
        ResumeRecord record = ResumeRecord.Decode(SharedFile.ReadAllBytes(ResumePath), _sample.Torrent)!;
        File.WriteAllBytes(ResumePath, change(record).Encode(_sample.Torrent.InfoHash));
    }

    private static byte[] Seal(byte[] state)
    {
        System.Buffers.ArrayBufferWriter<byte> output = new();
        BencodeWriter writer = new(output);
        writer.WriteStartDictionary();
        writer.WriteKey("digest"u8);
        writer.WriteString(SHA256.HashData(state));
        writer.WriteKey("state"u8);
        writer.WriteString(state);
        writer.WriteEndDictionary();
        return output.WrittenSpan.ToArray();
    }
}
