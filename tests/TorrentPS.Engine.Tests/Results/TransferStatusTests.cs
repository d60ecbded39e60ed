using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Tests.Results;

public sealed class TransferStatusTests
{
    private static readonly TorrentDownload s_running = new()
    {
        Name = "x",
        InfoHash = "",
        Path = "",
        State = TorrentState.Downloading,
        BytesWanted = 100 << 20,
        BytesCompleted = 25 << 20,
        DownloadRate = 5 << 20,
        PeersConnected = 3,
    };

    [Fact]
    public void A_download_has_a_percentage_a_time_and_its_sources() =>
        Assert.Equal(new TransferStatus(25, TimeSpan.FromSeconds(15), "3 peers", null), TransferStatus.Of(s_running));

    [Theory]
    [InlineData(1, 0, "1 peer")]
    [InlineData(0, 0, "0 peers")]
    [InlineData(2, 1, "2 peers, 1 web seed")]
    [InlineData(0, 2, "0 peers, 2 web seeds")]
    public void Web_seeds_are_listed_if_there_are_any(int peers, int webSeeds, string expected) =>
        Assert.Equal(expected, TransferStatus.Of(s_running with { PeersConnected = peers, WebSeedsActive = webSeeds }).Sources);

    [Theory]
    [InlineData(TorrentState.Downloading, 0, 1, null)]
    [InlineData(TorrentState.Downloading, 10, 1, 1)]
    [InlineData(TorrentState.Downloading, 10, 100, 10)]
    [InlineData(TorrentState.Downloading, 10, 101, 11)]
    [InlineData(TorrentState.Downloading, 1, long.MaxValue, null)]
    [InlineData(TorrentState.Checking, 10, 100, null)]
    [InlineData(TorrentState.Seeding, 10, 100, null)]
    [InlineData(TorrentState.Paused, 10, 100, null)]
    public void The_time_left_of_an_active_download_is_rounded_up(TorrentState state, long rate, long left, int? seconds) =>
        Assert.Equal(seconds, TransferStatus.Of(s_running with { State = state, DownloadRate = rate, BytesWanted = left, BytesCompleted = 0 }).TimeLeft?.TotalSeconds);

    [Theory]
    [InlineData(TorrentState.Resolving, null)]
    [InlineData(TorrentState.Checking, 42.7)]
    [InlineData(TorrentState.Downloading, 25.0)]
    [InlineData(TorrentState.Paused, 25.0)]
    [InlineData(TorrentState.Completed, 100.0)]
    public void The_percentage_is_that_of_the_current_step(TorrentState state, double? expected) =>
        Assert.Equal(expected, TransferStatus.Of(s_running with { State = state, PercentChecked = 42.7 }).Percent);

    [Theory]
    [InlineData(TorrentState.Downloading, null, null)]
    [InlineData(TorrentState.Seeding, null, null)]
    [InlineData(TorrentState.Paused, null, null)]
    [InlineData(TorrentState.Completed, null, null)]
    [InlineData(TorrentState.Stalled, null, TorrentErrorId.DownloadStalled)]
    [InlineData(TorrentState.TimedOut, null, TorrentErrorId.DownloadTimedOut)]
    [InlineData(TorrentState.TimedOut, TorrentErrorId.MetadataTimedOut, TorrentErrorId.MetadataTimedOut)]
    [InlineData(TorrentState.Stopped, null, TorrentErrorId.DownloadStopped)]
    [InlineData(TorrentState.Failed, null, TorrentErrorId.Unexpected)]
    [InlineData(TorrentState.Failed, TorrentErrorId.DiskFull, TorrentErrorId.DiskFull)]
    public void Every_end_but_one_has_a_reason(TorrentState state, TorrentErrorId? given, TorrentErrorId? expected) =>
        Assert.Equal(expected, TransferStatus.Of(s_running with { State = state, ErrorId = given }).ErrorId);
}
