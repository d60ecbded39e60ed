using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>A point in the DHT's space of 160 bits (BEP 5): a node id or an info hash. Stored as numbers, so that distances are three machine words.</summary>
internal readonly record struct NodeId(ulong High, ulong Middle, uint Low) : IComparable<NodeId>
{
    public const int Length = 20;
    public const int Bits = 8 * Length;

    /// <summary>Reads the first 20 bytes.</summary>
    public static NodeId Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]), BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]));

    public static NodeId Random()
    {
        Span<byte> bytes = stackalloc byte[Length];
        RandomNumberGenerator.Fill(bytes);
        return Read(bytes);
    }

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Middle);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], Low);
    }

    public byte[] ToArray()
    {
        byte[] bytes = new byte[Length];
        Write(bytes);
        return bytes;
    }

    /// <summary>The distance of two points: Kademlia's metric.</summary>
    public static NodeId operator ^(NodeId left, NodeId right) => new(left.High ^ right.High, left.Middle ^ right.Middle, left.Low ^ right.Low);

    public static bool operator <(NodeId left, NodeId right) => left.CompareTo(right) < 0;

    public static bool operator >(NodeId left, NodeId right) => left.CompareTo(right) > 0;

    public static bool operator <=(NodeId left, NodeId right) => left.CompareTo(right) <= 0;

    public static bool operator >=(NodeId left, NodeId right) => left.CompareTo(right) >= 0;

    public int CompareTo(NodeId other)
    {
        int order = High.CompareTo(other.High);
        if (order == 0)
            order = Middle.CompareTo(other.Middle);
        return order != 0 ? order : Low.CompareTo(other.Low);
    }

    /// <summary>The number of leading bits that two points share: 160 if they are the same.</summary>
    public int SharedBits(NodeId other)
    {
        NodeId distance = this ^ other;
        if (distance.High != 0)
            return BitOperations.LeadingZeroCount(distance.High);
        return distance.Middle != 0 ? 64 + BitOperations.LeadingZeroCount(distance.Middle) : 128 + BitOperations.LeadingZeroCount(distance.Low);
    }

    /// <summary>A random point that shares exactly the given number of leading bits with this one.</summary>
    public NodeId RandomAt(int sharedBits)
    {
        Span<byte> bytes = stackalloc byte[Length];
        Span<byte> own = stackalloc byte[Length];
        RandomNumberGenerator.Fill(bytes);
        Write(own);
        int whole = sharedBits / 8;
        own[..whole].CopyTo(bytes);
        int keep = 0xff << (8 - sharedBits % 8) & 0xff; // the leading bits of the first differing byte
        int parting = 0x80 >> (sharedBits % 8);
        bytes[whole] = (byte)((own[whole] & keep) | (~own[whole] & parting) | (bytes[whole] & ~keep & ~parting));
        return Read(bytes);
    }

    public override string ToString() => Convert.ToHexStringLower(ToArray());
}
