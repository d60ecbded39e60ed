namespace TorrentPS.Engine.Transport.Utp;

/// <summary>How long packets travel, each way, as the time stamps of both sides say.</summary>
internal sealed class PacketDelays
{
    private const uint MostDrift = 10_000;

    private readonly DelayHistory _ours = new();
    private readonly DelayHistory _theirs = new();

    /// <summary>What the other side is told of its last packet's delay.</summary>
    public uint Reply { get; private set; }

    /// <summary>How long our packets wait in queues, in microseconds.</summary>
    public long Queueing => _ours.Queueing;

    /// <summary>Takes what a packet says of the time that packets take.</summary>
    public void Note(in UtpHeader header, long now)
    {
        Reply = (uint)now - header.Timestamp;
        uint before = _theirs.Base;
        bool isFirst = !_theirs.HasSamples;
        _theirs.Add(Reply, now);
        // Their packets seem to get faster: their clock falls behind ours, and so ours seem to get slower, for which no queue is to blame.
        if (!isFirst && DelayHistory.IsBefore(_theirs.Base, before) && before - _theirs.Base <= MostDrift)
            _ours.Shift(before - _theirs.Base);
        if (header.TimestampDifference != 0)
            _ours.Add(header.TimestampDifference, now);
    }
}
