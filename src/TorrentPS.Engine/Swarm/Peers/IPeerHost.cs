namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The torrent that a connection belongs to, whatever the connection is for.</summary>
internal interface IPeerHost : ISwarmTime
{
    /// <summary>The port that peers may connect to; 0 when there is none.</summary>
    int ListenPort { get; }

    /// <summary>The port by which peers in the Internet reach us, where a gateway passes them on.</summary>
    int PublicPort { get; }

    /// <summary>Gets what a user might want to know.</summary>
    void Log(string message);

    /// <summary>The peer broke the protocol; its connection is about to be closed.</summary>
    void Violated(PeerHandler peer, string what) => Log($"Peer {peer.EndPoint} broke the protocol: {what}");

    /// <summary>What the peer sent brought out a fault of this program; its connection is about to be closed.</summary>
    void Faulted(PeerHandler peer, Exception fault) => Log($"Peer {peer.EndPoint} is closed by a fault of this program: {fault}");
}
