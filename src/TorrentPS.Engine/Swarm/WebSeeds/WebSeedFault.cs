namespace TorrentPS.Engine.Swarm.WebSeeds;

/// <summary>The consequence for a web seed that sent no data.</summary>
internal enum WebSeedFault
{
    /// <summary>It is retried later.</summary>
    Passing,

    /// <summary>It is overloaded.</summary>
    Busy,

    /// <summary>Already recorded: it does not have a file, or sends whole ones.</summary>
    Noted,

    /// <summary>It is given up.</summary>
    Useless,
}
