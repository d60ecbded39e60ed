namespace TorrentPS.Engine.Swarm.WebSeeds;

/// <summary>What is to become of a web seed that sent no data.</summary>
internal enum WebSeedFault
{
    /// <summary>It may do better later.</summary>
    Passing,

    /// <summary>It has too much to do.</summary>
    Busy,

    /// <summary>What it means is noted already: it has not a file, or sends whole ones.</summary>
    Noted,

    /// <summary>It is of no use.</summary>
    Useless,
}
