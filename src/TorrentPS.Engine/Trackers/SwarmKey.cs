using System.Buffers.Binary;

namespace TorrentPS.Engine.Trackers;

/// <summary>The 20 bytes of an info hash as a key: without allocation, and with a hash code that an attacker cannot make collide.</summary>
internal readonly record struct SwarmKey(ulong First, ulong Second, uint Last)
{
    public static SwarmKey Create(ReadOnlySpan<byte> infoHash) => new(
        BinaryPrimitives.ReadUInt64BigEndian(infoHash), BinaryPrimitives.ReadUInt64BigEndian(infoHash[8..]), BinaryPrimitives.ReadUInt32BigEndian(infoHash[16..]));

    public override int GetHashCode() => HashCode.Combine(First, Second, Last);
}
