using System.Net;
using TorrentPS.Benchmarks.Measuring;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary>A seeder that is ready, for all runs.</summary>
/// <param name="Process">The client.</param>
/// <param name="EndPoint">Where it listens, as it announced it.</param>
internal sealed record Seeder(ChildProcess Process, IPEndPoint EndPoint);
