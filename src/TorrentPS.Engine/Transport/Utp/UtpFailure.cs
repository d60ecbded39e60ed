namespace TorrentPS.Engine.Transport.Utp;

/// <summary>Why a connection ended that nobody closed.</summary>
internal enum UtpFailure
{
    None,

    /// <summary>The other side does not answer.</summary>
    TimedOut,

    /// <summary>The other side has reset it, or knows nothing of it.</summary>
    Reset,
}
