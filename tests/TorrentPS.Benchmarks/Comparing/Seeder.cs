using System.Net;
using TorrentPS.Benchmarks.Measuring;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary>A running seeder, for all runs.</summary>
/// <param name="Process">The client.</param>
/// <param name="EndPoint">The address to connect to.</param>
/// <param name="Relay">The relay that delays its traffic, if any.</param>
internal sealed record Seeder(ChildProcess Process, IPEndPoint EndPoint, DelayRelay? Relay);
