namespace TorrentPS.Engine.Transport.Utp;

/// <summary>A packet that was sent and is not cumulatively acknowledged.</summary>
internal struct SentPacket
{
    /// <summary>The offset of its data in the stream.</summary>
    public long Place;

    /// <summary>The time of the last transmission, in microseconds.</summary>
    public long SentAt;

    /// <summary>The sequence number of its last transmission among all transmissions.</summary>
    public long Order;

    /// <summary>The number of data bytes.</summary>
    public int Length;

    /// <summary>The number of transmissions.</summary>
    public int Transmissions;

    /// <summary>The size of the whole packet if it is an MTU probe; otherwise 0.</summary>
    public int ProbeSize;

    public bool IsFin;

    /// <summary>Whether it has ever timed out: the time of its acknowledgement then means nothing.</summary>
    public bool HasTimedOut;

    /// <summary>Whether it is selectively acknowledged, though an earlier one may be missing.</summary>
    public bool IsAcknowledged;

    /// <summary>Whether it counts as lost and has not been retransmitted yet.</summary>
    public bool IsLost;
}
