namespace TorrentPS.Engine.Transport.Utp;

/// <summary>Why a connection ended without being closed.</summary>
internal enum UtpFailure
{
    None,

    /// <summary>The other side does not answer.</summary>
    TimedOut,

    /// <summary>The other side has reset the connection, or does not know it.</summary>
    Reset,
}
