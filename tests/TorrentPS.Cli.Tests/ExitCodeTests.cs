using TorrentPS.Engine.Errors;

namespace TorrentPS.Cli.Tests;

public sealed class ExitCodeTests
{
    // Written out, so that the exit code of a new error is a decision.
    private static readonly Dictionary<TorrentErrorId, int> s_documented = new()
    {
        [TorrentErrorId.Unexpected] = 1,
        [TorrentErrorId.TorrentNotFound] = 3,
        [TorrentErrorId.InvalidBencode] = 3,
        [TorrentErrorId.InvalidTorrent] = 3,
        [TorrentErrorId.InvalidMagnetUri] = 3,
        [TorrentErrorId.UnsafePath] = 3,
        [TorrentErrorId.TrackerUnreachable] = 4,
        [TorrentErrorId.TrackerFailure] = 4,
        [TorrentErrorId.NoPeers] = 4,
        [TorrentErrorId.UnknownHost] = 4,
        [TorrentErrorId.MetadataTimedOut] = 5,
        [TorrentErrorId.DownloadTimedOut] = 5,
        [TorrentErrorId.DownloadStalled] = 6,
        [TorrentErrorId.DiskFull] = 7,
        [TorrentErrorId.AccessDenied] = 7,
        [TorrentErrorId.DataInUse] = 7,
        [TorrentErrorId.FileExists] = 7,
        [TorrentErrorId.DataMismatch] = 8,
        [TorrentErrorId.DownloadStopped] = 130,
        [TorrentErrorId.InvalidIPFilter] = 2,
        [TorrentErrorId.InvalidProxy] = 2,
        [TorrentErrorId.InvalidBindAddress] = 2,
        [TorrentErrorId.NothingSelected] = 2,
        [TorrentErrorId.CannotListen] = 1,
        [TorrentErrorId.TorrentExists] = 7,
    };

    [Fact]
    public void Every_error_has_its_documented_code()
    {
        foreach (TorrentErrorId errorId in Enum.GetValues<TorrentErrorId>())
        {
            Assert.True(s_documented.TryGetValue(errorId, out int code), $"{errorId} is not in the table");
            Assert.Equal((ExitCode)code, ExitCodes.Of(errorId));
        }
    }

    [Theory]
    [InlineData(TorrentState.Completed, null, 0)]
    [InlineData(TorrentState.Stopped, TorrentErrorId.DownloadStopped, 130)]
    [InlineData(TorrentState.Stalled, TorrentErrorId.DownloadStalled, 6)]
    [InlineData(TorrentState.TimedOut, TorrentErrorId.DownloadTimedOut, 5)]
    [InlineData(TorrentState.Failed, TorrentErrorId.DiskFull, 7)]
    [InlineData(TorrentState.Failed, TorrentErrorId.DataMismatch, 8)]
    [InlineData(TorrentState.Failed, TorrentErrorId.NoPeers, 4)]
    [InlineData(TorrentState.Failed, null, 1)]
    public void A_download_ends_with_the_code_of_its_state(TorrentState state, TorrentErrorId? errorId, int code) =>
        Assert.Equal((ExitCode)code, ExitCodes.Of(Samples.Download with { State = state, ErrorId = errorId }));
}
