using TorrentPS.Engine;

namespace TorrentPS.Sharing;

/// <summary>How a command reaches the network. Commands with the same settings share a client.</summary>
internal sealed record NetworkSettings
{
    /// <summary>Those of a command that says nothing of it.</summary>
    public static NetworkSettings Default { get; } = new();

    /// <summary>The proxy; null for none.</summary>
    public ProxyServer? Proxy { get; init; }
}
