namespace TorrentPS.Benchmarks.Crowd;

/// <summary>What came of one run.</summary>
/// <param name="Seconds">Until the last had everything.</param>
/// <param name="FirstSeconds">Until the first had everything.</param>
/// <param name="CpuSeconds">Of the whole process: the seeder and all downloaders.</param>
/// <param name="SeederShare">Bytes that the seeder sent, in payloads.</param>
/// <param name="FromPeers">The part of what all received that came from other downloaders, 0 to 1.</param>
/// <param name="Wasted">Bytes received in vain, in payloads, by all together.</param>
internal sealed record CrowdRun(double Seconds, double FirstSeconds, double CpuSeconds, double SeederShare, double FromPeers, double Wasted);
