namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>The families of nodes that a query wants to be told (BEP 32, "want").</summary>
[Flags]
internal enum KrpcWants : byte
{
    /// <summary>It does not say: those of the family that it came over.</summary>
    Unsaid = 0,
    V4 = 1,
    V6 = 2,
}
