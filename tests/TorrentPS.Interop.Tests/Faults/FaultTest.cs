using System.Globalization;
using System.Text.Json.Nodes;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests.Faults;

/// <summary>A test that lets the tool meet a fault: its message, its exit code, and the data on disk.</summary>
public abstract class FaultTest : InteropTest
{
    private protected const int UnexpectedError = 1;
    private protected const int TimedOut = 5;
    private protected const int DiskError = 7;
    private protected const int Mismatch = 8;
    private protected const int Interrupted = 130;

    private protected const int PieceLength = 64 << 10;

    /// <summary>The command line of a download from one peer; the same each time, as in a script.</summary>
    private protected static string[] Download(TestTorrent torrent, string folder, OwnPeer seeder, params string[] more) =>
        ["download", torrent.Path, "--output", folder, "--peer", seeder.EndPoint.ToString(), "--port", "0", "--no-dht", "--no-pex", "--no-lsd", "--json", .. more.Contains("--timeout") ? [] : (string[])["--timeout", "90"], .. more];

    /// <summary>Waits until a running download has a number of right bytes on disk.</summary>
    private protected static Task UntilRightAsync(ExternalProcess process, TestTorrent torrent, string folder, long bytes)
    {
        bool[] right = new bool[torrent.PieceCount];
        return process.UntilAsync(() =>
        {
            torrent.VerifyIn(folder, right);
            return BytesOf(torrent, right) >= bytes;
        }, Limits.Transfer, $"{bytes} bytes are right");
    }

    /// <summary>The number of bytes in right pieces on disk.</summary>
    private protected static long RightBytes(TestTorrent torrent, string folder) => BytesOf(torrent, torrent.VerifyIn(folder));

    private static long BytesOf(TestTorrent torrent, bool[] right)
    {
        long bytes = 0;
        for (int piece = 0; piece < right.Length; piece++)
            bytes += right[piece] ? LengthOf(torrent, piece) : 0;
        return bytes;
    }

    private protected static long LengthOf(TestTorrent torrent, int piece) =>
        Math.Min(torrent.PieceLength, torrent.Payload.Length - (long)piece * torrent.PieceLength);

    /// <summary>The one printed object. Its State, its ErrorId, the exit code and standard error agree.</summary>
    private protected static JsonNode AssertEnded(ExternalProcess process, int exitCode, int expectedCode, string state, string? errorId)
    {
        Assert.True(exitCode == expectedCode, process.Report);
        JsonNode result = Assert.Single(TorrentPSProcess.Json(process));
        Assert.Equal(state, (string?)result["State"]);
        Assert.Equal(errorId, (string?)result["ErrorId"]);
        Assert.Equal(errorId is null, result["Error"] is null);
        if (errorId is not null and not "DownloadStopped")
            Assert.Contains($"torrentps: {errorId}: ", process.Errors, StringComparison.Ordinal);
        return result;
    }

    /// <summary>Runs the download again, to the end: right data is not downloaded again.</summary>
    private protected async Task CompleteAsync(TestTorrent torrent, string folder, OwnPeer seeder)
    {
        long right = RightBytes(torrent, folder);
        (int exitCode, ExternalProcess process) = await TorrentPSProcess.RunAsync(Temp.Path, Download(torrent, folder, seeder));
        JsonNode result = AssertEnded(process, exitCode, 0, "Completed", null);
        torrent.Payload.AssertIn(folder);
        long fetched = (long)result["Downloaded"]! - (long)result["Wasted"]!;
        Assert.True(fetched == torrent.Payload.Length - right, string.Create(CultureInfo.InvariantCulture, $"{fetched} bytes were fetched where {torrent.Payload.Length - right} were missing."));
        Assert.False(Directory.Exists(Path.Combine(folder, ".torrentps")), "Control files are left.");
    }
}
