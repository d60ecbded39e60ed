using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>Other programs that write the same files.</summary>
public sealed class OtherWritersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Sample _sample = Sample.Make(16, 1, ("a", 64), ("b", 64));
    private readonly DataStore _store;

    public OtherWritersTests()
    {
        _store = new DataStore(_sample.Torrent, _folder.Path, _sample.All);
        _store.Prepare();
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public async Task Damage_is_found_whether_or_not_we_write_afterwards(int after)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The time of an open file is not known there.");
        for (int piece = 0; piece < 8; piece++)
        {
            _store.Write(piece, 0, [_sample.Piece(piece)]);
            if (piece == after)
                Damage();
        }

        _store.FlushAll();
        Bitfield overwritten = await _store.FindOverwrittenAsync(TestContext.Current.CancellationToken);
        Assert.Equal([1], VerifyTests.Indices(overwritten));
        Assert.Contains(_folder["T/a"], _store.DescribeOverwritten(overwritten));
    }

    [Fact]
    public async Task Our_own_writes_are_not_read_again()
    {
        _sample.WriteAll(_store);
        _store.FlushAll();
        File.WriteAllBytes(_folder["T/b"], new byte[64]); // a reader would notice
        Assert.True((await _store.FindOverwrittenAsync(TestContext.Current.CancellationToken)).IsEmpty);
    }

    [Fact]
    public async Task A_new_time_alone_does_no_harm()
    {
        _sample.WriteAll(_store);
        File.SetLastWriteTimeUtc(_folder["T/a"], DateTime.UtcNow.AddDays(1));
        _store.FlushAll();
        Assert.True((await _store.FindOverwrittenAsync(TestContext.Current.CancellationToken)).IsEmpty);
    }

    private void Damage()
    {
        using (FileStream file = new(_folder["T/a"], FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.Position = 20;
            file.WriteByte((byte)(_sample.Content[20] ^ 1));
        }

        // Old file systems record times in steps of a hundredth of a second or more.
        File.SetLastWriteTimeUtc(_folder["T/a"], DateTime.UtcNow.AddSeconds(-3));
    }
}
