namespace TorrentPS.Engine.Transport.Utp;

/// <summary>The state of a connection.</summary>
internal enum UtpState
{
    /// <summary>We have requested the connection.</summary>
    Connecting,

    /// <summary>The other side has requested the connection and was answered, but has not confirmed the answer: its address may be forged.</summary>
    Answered,

    Connected,

    /// <summary>Nothing more to send or receive, except the last acknowledgement.</summary>
    Closing,

    Closed,
}
