namespace TorrentPS.Engine.Transport.Utp;

/// <summary>The kinds of packets (BEP 29, "type").</summary>
internal enum UtpPacketType : byte
{
    /// <summary>Carries data.</summary>
    Data,

    /// <summary>The last packet of its sender.</summary>
    Fin,

    /// <summary>Acknowledges, and has no sequence number of its own.</summary>
    State,

    /// <summary>Ends the connection at once.</summary>
    Reset,

    /// <summary>Asks for a connection.</summary>
    Syn,
}
