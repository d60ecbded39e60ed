using System.Buffers.Binary;

namespace TorrentPS.Engine.Trackers;

/// <summary>The 20 bytes of an info hash as a key: without an allocation, and hashed so that nobody can choose many for one bucket.</summary>
internal readonly record struct SwarmKey(ulong First, ulong Second, uint Last)
{
    public static SwarmKey Create(ReadOnlySpan<byte> infoHash) => new(
        BinaryPrimitives.ReadUInt64BigEndian(infoHash), BinaryPrimitives.ReadUInt64BigEndian(infoHash[8..]), BinaryPrimitives.ReadUInt32BigEndian(infoHash[16..]));

    public override int GetHashCode() => HashCode.Combine(First, Second, Last);
}
