namespace TorrentPS.Engine.Transport.Utp;

/// <summary>The delays of packets in both directions, from the timestamps of both sides.</summary>
internal sealed class PacketDelays
{
    private const uint MostDrift = 10_000;

    private readonly DelayHistory _ours = new();
    private readonly DelayHistory _theirs = new();

    /// <summary>The delay of the last packet received, to report to the other side.</summary>
    public uint Reply { get; private set; }

    /// <summary>The queueing delay of our packets, in microseconds.</summary>
    public long Queueing => _ours.Queueing;

    /// <summary>Processes the timestamps of a packet.</summary>
    public void Note(in UtpHeader header, long now)
    {
        Reply = (uint)now - header.Timestamp;
        uint before = _theirs.Base;
        bool isFirst = !_theirs.HasSamples;
        _theirs.Add(Reply, now);
        // Their packets seem to get faster: their clock is falling behind ours, so ours would seem to get slower without any queue.
        if (!isFirst && DelayHistory.IsBefore(_theirs.Base, before) && before - _theirs.Base <= MostDrift)
            _ours.Shift(before - _theirs.Base);
        if (header.TimestampDifference != 0)
            _ours.Add(header.TimestampDifference, now);
    }
}
