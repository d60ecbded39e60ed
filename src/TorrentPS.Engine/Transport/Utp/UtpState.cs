namespace TorrentPS.Engine.Transport.Utp;

/// <summary>Where a connection is in its life.</summary>
internal enum UtpState
{
    /// <summary>We have asked for it.</summary>
    Connecting,

    /// <summary>The other side has asked for it and was answered, but has not shown yet that the answer reached it: its address may be a forged one.</summary>
    Answered,

    Connected,

    /// <summary>We have nothing more to send or to receive, and wait for the acknowledgement of that.</summary>
    Closing,

    Closed,
}
