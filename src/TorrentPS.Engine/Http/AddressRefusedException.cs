namespace TorrentPS.Engine.Http;

/// <summary>An address is not contacted because of what it would reach; the message is the reason as part of a sentence.</summary>
internal sealed class AddressRefusedException(string reason) : HttpFetchException(reason);
