namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>The error codes (BEP 5, "Errors").</summary>
internal enum KrpcErrorCode
{
    Protocol = 203,
    MethodUnknown = 204,
}
