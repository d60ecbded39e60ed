namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>The state of a candidate of a lookup.</summary>
internal enum LookupState : byte
{
    /// <summary>Not queried yet.</summary>
    New,

    /// <summary>Queried, and one of those waited for.</summary>
    Awaited,

    /// <summary>Queried, but no longer waited for; its answer still counts.</summary>
    Late,

    Answered,
    Failed,
}
