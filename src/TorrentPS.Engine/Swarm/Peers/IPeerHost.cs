namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The torrent that a connection belongs to, whatever the connection is for.</summary>
internal interface IPeerHost : ISwarmTime
{
    /// <summary>The port that peers may connect to; 0 when there is none.</summary>
    int ListenPort { get; }

    /// <summary>The port by which peers in the Internet reach us, where a gateway passes them on.</summary>
    int PublicPort { get; }
}
