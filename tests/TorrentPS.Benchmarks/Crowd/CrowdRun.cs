namespace TorrentPS.Benchmarks.Crowd;

/// <summary>The result of one run.</summary>
/// <param name="Seconds">Seconds until the last was complete.</param>
/// <param name="FirstSeconds">Seconds until the first was complete.</param>
/// <param name="CpuSeconds">CPU time of the whole process: the seeder and all downloaders.</param>
/// <param name="SeederShare">Bytes sent by the seeder, in payloads.</param>
/// <param name="FromPeers">The fraction of all received bytes that came from other downloaders.</param>
/// <param name="Wasted">Bytes received in vain by all, in payloads.</param>
internal sealed record CrowdRun(double Seconds, double FirstSeconds, double CpuSeconds, double SeederShare, double FromPeers, double Wasted);
