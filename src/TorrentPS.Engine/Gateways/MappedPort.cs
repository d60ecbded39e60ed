namespace TorrentPS.Engine.Gateways;

/// <summary>A port that a gateway forwards to us.</summary>
/// <param name="External">The external port, 1 to 65535.</param>
/// <param name="Lifetime">The lifetime without renewal; zero means permanent.</param>
internal readonly record struct MappedPort(int External, TimeSpan Lifetime);
