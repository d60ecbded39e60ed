namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>What kind of message it is (BEP 5, "KRPC Protocol").</summary>
internal enum KrpcType : byte
{
    Query,
    Response,
    Error,
}
