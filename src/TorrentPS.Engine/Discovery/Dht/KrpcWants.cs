namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>The address families of nodes that a query requests (BEP 32, "want").</summary>
[Flags]
internal enum KrpcWants : byte
{
    /// <summary>Not given: the family of the query.</summary>
    Unsaid = 0,
    V4 = 1,
    V6 = 2,
}
