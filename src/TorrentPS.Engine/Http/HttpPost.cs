namespace TorrentPS.Engine.Http;

/// <summary>The body of a POST.</summary>
/// <param name="ContentType">Its media type.</param>
/// <param name="Headers">Additional header lines, each with its line end.</param>
/// <param name="Body">The bytes.</param>
internal sealed record HttpPost(string ContentType, string Headers, ReadOnlyMemory<byte> Body);
