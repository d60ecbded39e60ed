namespace TorrentPS.Engine.Discovery;

/// <summary>An answer to an HTTP GET.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Body">The body, decompressed.</param>
/// <param name="Location">Where it redirects to; null where it does not.</param>
internal readonly record struct HttpReply(int Status, byte[] Body, string? Location);
