namespace TorrentPS.Engine.Transport.Utp;

/// <summary>The packet types (BEP 29, "type").</summary>
internal enum UtpPacketType : byte
{
    /// <summary>Carries data.</summary>
    Data,

    /// <summary>The last packet of its sender.</summary>
    Fin,

    /// <summary>Acknowledges without data, and has no sequence number.</summary>
    State,

    /// <summary>Ends the connection at once.</summary>
    Reset,

    /// <summary>Requests a connection.</summary>
    Syn,
}
