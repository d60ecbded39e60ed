using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Http;

/// <summary>The options and limits of an HTTP request.</summary>
internal sealed record HttpFetchOptions
{
    /// <summary>The maximum length of the body in bytes, both compressed and decompressed.</summary>
    public required int MaxBodyLength { get; init; }

    /// <summary>The time limit from the start to the end of the body, including redirects.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>The path and query exactly as sent; null means those of the address.</summary>
    public string? Target { get; init; }

    /// <summary>The addresses of the host, if already known.</summary>
    public IReadOnlyList<IPAddress>? Addresses { get; init; }

    /// <summary>The address family to connect to.</summary>
    public AddressFamily Family { get; init; } = AddressFamily.Unspecified;

    /// <summary>The body to send by POST, in place of a GET; redirects are then not followed.</summary>
    public HttpPost? Post { get; init; }

    /// <summary>Called when the request has been sent.</summary>
    public Action? Sent { get; init; }
}
