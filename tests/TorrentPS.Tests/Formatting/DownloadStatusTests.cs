using System.Globalization;
using TorrentPS.Formatting;

namespace TorrentPS.Tests.Formatting;

public sealed class DownloadStatusTests
{
    private static readonly TorrentDownload s_running = new()
    {
        Name = "x",
        InfoHash = new string('0', 40),
        Path = "/x",
        State = TorrentState.Downloading,
        Length = 100 << 20,
        BytesWanted = 100 << 20,
        BytesCompleted = 25 << 20,
        DownloadRate = 5 << 20,
        PeersConnected = 3,
    };

    public DownloadStatusTests() => CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

    [Fact]
    public void A_download_shows_percent_rate_time_left_and_peers()
    {
        DownloadStatus status = DownloadStatus.Of(s_running);

        Assert.Equal(new DownloadStatus("Downloading x", "25.0 % of 100 MiB, 5 MiB/s, 15 s left, 3 peers", 25, 15, null, -1), status);
    }

    [Fact]
    public void Without_a_rate_there_is_no_time_left()
    {
        DownloadStatus status = DownloadStatus.Of(s_running with { DownloadRate = 0, PeersConnected = 1 });

        Assert.Equal(-1, status.SecondsLeft);
        Assert.Equal("25.0 % of 100 MiB, 0 B/s, 1 peer", status.Facts);
    }

    [Fact]
    public void A_slow_rate_gives_no_time_in_the_far_future() =>
        Assert.Equal(-1, DownloadStatus.Of(s_running with { BytesWanted = long.MaxValue, DownloadRate = 1 }).SecondsLeft);

    [Fact]
    public void Checking_is_a_separate_step()
    {
        DownloadStatus status = DownloadStatus.Of(s_running with { State = TorrentState.Checking, PercentChecked = 42.7 });

        Assert.Equal("Checking the data on disk", status.Step);
        Assert.Equal(42, status.StepPercent);
        Assert.Equal(25, status.Percent);
    }

    [Fact]
    public void Resolving_has_no_percentage()
    {
        DownloadStatus status = DownloadStatus.Of(s_running with { State = TorrentState.Resolving, BytesWanted = 0 });

        Assert.Equal((-1, -1), (status.Percent, status.StepPercent));
        Assert.NotNull(status.Step);
    }

    [Fact]
    public void Seeding_is_complete_and_shows_the_amount_sent()
    {
        DownloadStatus status = DownloadStatus.Of(s_running with { State = TorrentState.Seeding, BytesCompleted = 100 << 20, Downloaded = 100 << 20, Uploaded = 50 << 20, UploadRate = 1 << 20 });

        Assert.Equal(100, status.Percent);
        Assert.Equal("50 MiB sent, 1 MiB/s, ratio 0.50, 3 peers", status.Facts);
    }

    [Theory]
    [InlineData(TorrentState.Resolving)]
    [InlineData(TorrentState.Checking)]
    [InlineData(TorrentState.Downloading)]
    [InlineData(TorrentState.Seeding)]
    [InlineData(TorrentState.Completed)]
    public void No_state_has_empty_texts_or_numbers_out_of_range(TorrentState state)
    {
        DownloadStatus status = DownloadStatus.Of(s_running with { State = state, BytesWanted = 0, BytesCompleted = 0 });

        // ProgressRecord refuses empty texts and percents above 100.
        Assert.NotEmpty(status.Activity);
        Assert.NotEmpty(status.Facts);
        Assert.InRange(status.Percent, -1, 100);
        Assert.InRange(status.StepPercent, -1, 100);
    }

    [Fact]
    public void A_pause_is_shown()
    {
        TorrentDownload paused = s_running with { State = TorrentState.Paused };
        Assert.Equal(new DownloadStatus("Downloading x", "25.0 % of 100 MiB, paused", 25, -1, null, -1), DownloadStatus.Of(paused));
        Assert.Equal(new DownloadStatus("Seeding x", "25.0 % of 100 MiB, paused", 25, -1, null, -1), DownloadStatus.Of(paused, isSeed: true));
        Assert.Equal("paused", DownloadStatus.Of(paused with { BytesWanted = 0, BytesCompleted = 0 }).Facts); // a magnet link
    }
}
