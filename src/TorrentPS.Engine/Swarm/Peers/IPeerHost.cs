namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The torrent of a connection, whatever the connection is used for.</summary>
internal interface IPeerHost : ISwarmTime
{
    /// <summary>The listening port for peers; 0 if there is none.</summary>
    int ListenPort { get; }

    /// <summary>The external port, if a gateway forwards it.</summary>
    int PublicPort { get; }

    /// <summary>Receives log lines.</summary>
    void Log(string message);

    /// <summary>The peer violated the protocol; its connection is about to be closed.</summary>
    void Violated(PeerHandler peer, string what) => Log($"Peer {peer.EndPoint} broke the protocol: {what}");

    /// <summary>A message of the peer triggered a fault of this program; its connection is about to be closed.</summary>
    void Faulted(PeerHandler peer, Exception fault) => Log($"Peer {peer.EndPoint} is closed by a fault of this program: {fault}");
}
