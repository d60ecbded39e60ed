namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>The phase of a torrent when peers connect to it.</summary>
public enum SwarmPhase
{
    /// <summary>A magnet link is resolved.</summary>
    Resolving,

    Downloading,

    Seeding,
}
