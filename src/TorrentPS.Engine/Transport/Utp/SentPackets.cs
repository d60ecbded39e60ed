using System.Numerics;

namespace TorrentPS.Engine.Transport.Utp;

/// <summary>The sent and unacknowledged packets, by sequence number.</summary>
internal sealed class SentPackets(ushort first)
{
    /// <summary>The maximum number of packets.</summary>
    public const int Max = 4096;

    private SentPacket[] _packets = [];

    /// <summary>The sequence number of the first unacknowledged packet.</summary>
    public ushort First { get; private set; } = first;

    /// <summary>The next sequence number.</summary>
    public ushort Next { get; private set; } = first;

    public int Count => (ushort)(Next - First);

    public bool IsFull => Count >= Max;

    public ref SentPacket this[ushort number] => ref _packets[number & (_packets.Length - 1)];

    /// <summary>Adds the next packet.</summary>
    public ref SentPacket Add()
    {
        if (Count == _packets.Length)
            Grow();
        ref SentPacket packet = ref this[Next++];
        packet = default;
        return ref packet;
    }

    public void RemoveFirst() => First++;

    /// <summary>Releases the buffer if nothing is in flight.</summary>
    public void Trim()
    {
        if (Count == 0)
            _packets = [];
    }

    private void Grow()
    {
        var packets = new SentPacket[BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, 2 * _packets.Length))];
        for (ushort number = First; number != Next; number++)
            packets[number & (packets.Length - 1)] = this[number];
        _packets = packets;
    }
}
