using System.Net;

namespace TorrentPS.Engine.Http;

/// <summary>The reply to an HTTP request.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Body">The body, decompressed.</param>
/// <param name="Location">The redirect target; null if there is none.</param>
/// <param name="From">The address of the server; null if only a proxy knows it.</param>
internal sealed record HttpReply(int Status, byte[] Body, string? Location, IPAddress? From);
