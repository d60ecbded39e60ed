namespace TorrentPS.Engine.Http;

/// <summary>What is sent by POST.</summary>
/// <param name="ContentType">What it is.</param>
/// <param name="Headers">More lines of the request's head, each with its end.</param>
/// <param name="Body">The bytes.</param>
internal sealed record HttpPost(string ContentType, string Headers, ReadOnlyMemory<byte> Body);
