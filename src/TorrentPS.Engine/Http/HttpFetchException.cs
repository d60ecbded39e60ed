namespace TorrentPS.Engine.Http;

/// <summary>An HTTP GET got no answer; the message is the reason as part of a sentence: what it was for, the caller says.</summary>
internal class HttpFetchException(string reason, Exception? innerException = null) : Exception(reason, innerException);
