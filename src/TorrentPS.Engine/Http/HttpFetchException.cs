namespace TorrentPS.Engine.Http;

/// <summary>An HTTP request failed; the message is the reason as part of a sentence, to which the caller adds the purpose.</summary>
internal class HttpFetchException(string reason, Exception? innerException = null) : Exception(reason, innerException);
