namespace TorrentPS.Engine.Transport.Utp;

/// <summary>A packet that was sent and is not acknowledged together with all before it.</summary>
internal struct SentPacket
{
    /// <summary>Where its bytes begin in the stream.</summary>
    public long Place;

    /// <summary>When it was sent last, in microseconds.</summary>
    public long SentAt;

    /// <summary>Its number among all packets sent, of the last time it was.</summary>
    public long Order;

    /// <summary>Bytes of data.</summary>
    public int Length;

    /// <summary>How often it was sent.</summary>
    public int Transmissions;

    /// <summary>The size of the whole packet while it is a probe of the path; else 0.</summary>
    public int ProbeSize;

    public bool IsFin;

    /// <summary>Whether it was ever given up by a time-out: then nothing can be told from when it is acknowledged.</summary>
    public bool HasTimedOut;

    /// <summary>Whether the other side has it, though something before it may be missing.</summary>
    public bool IsAcknowledged;

    /// <summary>Whether it is taken for lost and has not been sent again yet.</summary>
    public bool IsLost;
}
