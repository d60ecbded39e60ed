namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>The method of a query (BEP 5, "DHT Queries").</summary>
internal enum KrpcMethod : byte
{
    /// <summary>An unknown method.</summary>
    Other,
    Ping,
    FindNode,
    GetPeers,
    AnnouncePeer,
}
