using System.Net;

namespace TorrentPS.Engine.Http;

/// <summary>An answer to an HTTP GET.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Body">The body, decompressed.</param>
/// <param name="Location">Where it redirects to; null where it does not.</param>
/// <param name="From">The address that answered; null where a proxy knows it alone.</param>
internal sealed record HttpReply(int Status, byte[] Body, string? Location, IPAddress? From);
