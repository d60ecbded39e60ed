using System.Globalization;
using System.Security.Cryptography;
using TorrentPS.Engine.Storage.Records;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests.Faults;

/// <summary>
/// kill -9 at random moments: verified data is never downloaded again, and the resume file is always complete and correct. <c>TORRENTPS_KILLS</c> sets the number (200
/// for the full test), <c>TORRENTPS_SEED</c> repeats the moments of another run.
/// </summary>
public sealed class KillTests : FaultTest
{
    private const int DefaultKills = 12;
    private const int MostKillsOfOne = 3;
    private const int AtOnce = 4;
    private const int Rate = 2_000_000;

    // Longer than the interval between two saves of the resume file.
    private static readonly Payload s_payload = Payload.Folder("kills", [("one.bin", 9_000_000), ("empty", 0), ("two.bin", 1), ("three.bin", 7_000_001)]);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(s_payload.Length / (double)Rate + 1);

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;

    [Fact(Timeout = 3_600_000)]
    public async Task After_a_kill_at_any_moment_it_resumes_without_fetching_anything_twice()
    {
        int kills = Setting("TORRENTPS_KILLS", DefaultKills), seed = Setting("TORRENTPS_SEED", Random.Shared.Next());
        TestContext.Current.TestOutputHelper!.WriteLine($"{kills} kills, TORRENTPS_SEED={seed}");
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, PieceLength);
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, Source(s_payload));
        var tally = new Tally();
        Random random = new(seed);
        List<Chain> chains = [];
        for (int left = kills; left > 0; left -= chains[^1].Moments.Length)
            chains.Add(new Chain(chains.Count, [.. Enumerable.Range(0, Math.Min(left, random.Next(1, MostKillsOfOne + 1))).Select(_ => random.NextDouble())]));

        try
        {
            await Parallel.ForEachAsync(chains, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = Token }, async (chain, _) => await RunAsync(torrent, seeder, chain, tally));
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"With TORRENTPS_SEED={seed}, after {tally.Kills} kills: {e.Message}", e);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"survived {tally.Kills} kills, {tally.Ended} of them after its end; {tally.ResumeFiles} found a resume file, {tally.Pieces} right pieces on disk; 0 fetched again");
        Assert.Equal(kills, tally.Kills);
    }

    /// <summary>One download: killed, started again and killed, and finally completed.</summary>
    private async Task RunAsync(TestTorrent torrent, OwnPeer seeder, Chain chain, Tally tally)
    {
        string folder = Temp.Folder($"kill{chain.Number}");
        bool[] before = new bool[torrent.PieceCount];
        foreach (double moment in chain.Moments)
        {
            await using (ExternalProcess process = await TorrentPSProcess.StartAsync(Temp.Path, Download(torrent, folder, seeder, "--download-limit", $"{Rate}")))
            {
                await Task.WhenAny(Task.Delay(moment * s_longest, Token), process.WaitForExitAsync(Limits.Transfer));
                process.Kill();
                await process.WaitForExitAsync(Limits.Start);
                Interlocked.Add(ref tally.Ended, process.Output.Length > 0 ? 1 : 0);
            }

            bool[] right = torrent.VerifyIn(folder);
            for (int piece = 0; piece < right.Length; piece++)
                Assert.True(right[piece] || !before[piece], $"Piece {piece} was right before the kill, and is no longer.");
            before = right;
            if (CheckResumeFile(torrent, folder, right))
                Interlocked.Increment(ref tally.ResumeFiles);
            Interlocked.Add(ref tally.Pieces, right.Count(one => one));
            Interlocked.Increment(ref tally.Kills);
        }

        await CompleteAsync(torrent, folder, seeder);
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A resume file, if there is one, is complete and lists no wrong piece.</summary>
    private static bool CheckResumeFile(TestTorrent torrent, string folder, bool[] right)
    {
        string path = Path.Combine(folder, ".torrentps", $"{torrent.InfoHash}.resume");
        if (!File.Exists(path))
            return false;
        byte[] bytes = File.ReadAllBytes(path);
        Assert.True(bytes.Length > 0, "The resume file is empty.");
        ResumeRecord? record = ResumeRecord.Decode(bytes, torrent.Info.Torrent);
        Assert.True(record is not null, $"The resume file of {bytes.Length} bytes is damaged: {Convert.ToHexStringLower(SHA256.HashData(bytes))}.");
        for (int piece = 0; piece < right.Length; piece++)
            Assert.True(right[piece] || !record.Have[piece], $"The resume file names piece {piece}, which is not on disk.");
        return true;
    }

    /// <param name="Number">Its number.</param>
    /// <param name="Moments">The moment of each kill, from 0 to 1 of the longest time.</param>
    private sealed record Chain(int Number, double[] Moments);

    private sealed class Tally
    {
        public int Kills;
        public int Ended;
        public int ResumeFiles;
        public int Pieces;
    }
}
