using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Downloads;

namespace TorrentPS.Tests.Downloads;

public sealed class TransferStoryTests
{
    private static readonly TorrentDownload s_running = new()
    {
        Name = "x",
        InfoHash = new string('0', 40),
        Path = "/x",
        State = TorrentState.Downloading,
        BytesWanted = 100 << 20,
        BytesCompleted = 25 << 20,
        DownloadRate = 1 << 20,
        PeersConnected = 3,
        PeersSeen = 17,
    };

    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _lines = [];

    public TransferStoryTests() => CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

    [Fact]
    public void Reports_each_new_state_at_once()
    {
        TransferStory story = new(_lines.Add, isSeed: false, _time);

        story.Report(s_running with { State = TorrentState.Checking, PercentChecked = 40 });
        story.Report(s_running);

        Assert.Equal(["x: Checking, Checking the data on disk: 40 %, 17 known", "x: Downloading, 25.0 % of 100 MiB, 1 MiB/s, 1 min 15 s left, 3 peers, 17 known"], _lines);
    }

    [Fact]
    public void Reports_progress_every_half_a_minute()
    {
        TransferStory story = new(_lines.Add, isSeed: false, _time);

        for (int second = 0; second < 65; second++)
        {
            story.Report(s_running);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(3, _lines.Count);
    }
}
