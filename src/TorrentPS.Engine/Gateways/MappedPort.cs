namespace TorrentPS.Engine.Gateways;

/// <summary>A port that a gateway passes on to us.</summary>
/// <param name="External">The gateway's port, 1 to 65535.</param>
/// <param name="Lifetime">How long, unless it is asked again; zero for ever.</param>
internal readonly record struct MappedPort(int External, TimeSpan Lifetime);
