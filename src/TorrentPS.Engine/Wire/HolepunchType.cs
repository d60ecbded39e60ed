namespace TorrentPS.Engine.Wire;

/// <summary>The kinds of a holepunch message (BEP 55, "msg_type").</summary>
internal enum HolepunchType : byte
{
    /// <summary>Asks a peer to have another connect to us while we connect to it.</summary>
    Rendezvous,

    /// <summary>Tells of one who connects to us now, and whom we are to connect to.</summary>
    Connect,

    /// <summary>It cannot be done.</summary>
    Error,
}
