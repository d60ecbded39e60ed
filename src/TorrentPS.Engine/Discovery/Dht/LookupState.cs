namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>What became of a candidate of a lookup.</summary>
internal enum LookupState : byte
{
    /// <summary>It was not asked yet.</summary>
    New,

    /// <summary>It was asked, and takes one of the places for those that are waited for.</summary>
    Awaited,

    /// <summary>It was asked, and nobody waits for it; its answer still counts.</summary>
    Late,

    Answered,
    Failed,
}
