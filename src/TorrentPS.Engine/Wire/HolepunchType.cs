namespace TorrentPS.Engine.Wire;

/// <summary>The types of holepunch messages (BEP 55, "msg_type").</summary>
internal enum HolepunchType : byte
{
    /// <summary>Requests that another peer connect to us while we connect to it.</summary>
    Rendezvous,

    /// <summary>Names a peer that is connecting to us, and that we are to connect to.</summary>
    Connect,

    /// <summary>The connection is not possible.</summary>
    Error,
}
