namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>What a torrent is about when peers connect to it.</summary>
public enum SwarmPhase
{
    /// <summary>A magnet link is resolved.</summary>
    Resolving,

    Downloading,

    Seeding,
}
