using System.Net;
using TorrentPS.Benchmarks.Measuring;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary>A seeder that is ready, for all runs.</summary>
/// <param name="Process">The client.</param>
/// <param name="EndPoint">Where it is to be connected to.</param>
/// <param name="Relay">What lengthens the way to it, if anything does.</param>
internal sealed record Seeder(ChildProcess Process, IPEndPoint EndPoint, DelayRelay? Relay);
