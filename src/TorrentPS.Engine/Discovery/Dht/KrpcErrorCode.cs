namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>Why a query was not answered (BEP 5, "Errors").</summary>
internal enum KrpcErrorCode
{
    Protocol = 203,
    MethodUnknown = 204,
}
