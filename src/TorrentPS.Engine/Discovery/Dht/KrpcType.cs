namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>The type of a message (BEP 5, "KRPC Protocol").</summary>
internal enum KrpcType : byte
{
    Query,
    Response,
    Error,
}
