using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Http;

/// <summary>How something is got by HTTP, and its limits.</summary>
internal sealed record HttpFetchOptions
{
    /// <summary>Bytes in the body at most, as they are sent and decompressed.</summary>
    public required int MaxBodyLength { get; init; }

    /// <summary>From the beginning to the end of the body, redirects included.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Path and query exactly as they are sent; null means those of the address.</summary>
    public string? Target { get; init; }

    /// <summary>The addresses of the host, where they are known already.</summary>
    public IReadOnlyList<IPAddress>? Addresses { get; init; }

    /// <summary>The family of the addresses that are connected to.</summary>
    public AddressFamily Family { get; init; } = AddressFamily.Unspecified;

    /// <summary>What is sent along, in place of a GET; then no redirect is followed.</summary>
    public HttpPost? Post { get; init; }

    /// <summary>Is called when the request has left.</summary>
    public Action? Sent { get; init; }
}
