namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>What a query asks for (BEP 5, "DHT Queries").</summary>
internal enum KrpcMethod : byte
{
    /// <summary>One that we do not know.</summary>
    Other,
    Ping,
    FindNode,
    GetPeers,
    AnnouncePeer,
}
