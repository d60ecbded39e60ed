using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>A peer in the tracker's memory, in 64 bytes: there may be a hundred thousand.</summary>
internal struct TrackedPeer
{
    public PeerKey Key;

    /// <summary>The peer id, for clients that want it.</summary>
    public PeerIdBytes PeerId;

    /// <summary>The time of its last announce, in seconds of the tracker's clock.</summary>
    public int LastSeen;

    /// <summary>The indices of its neighbours in the ring of its address.</summary>
    public int Next, Previous;

    /// <summary>The bytes that it lacks; -1 if it does not say.</summary>
    public long Left;

    /// <summary>Whether it has complete data.</summary>
    public readonly bool IsSeeder => Left == 0;
}

/// <summary>The 20 bytes of a peer id.</summary>
[InlineArray(20)]
internal struct PeerIdBytes
{
    private byte _first;
}

/// <summary>The address and port that identify a peer of a torrent. IPv4 addresses are stored mapped to IPv6.</summary>
internal readonly struct PeerKey(ulong high, ulong low, ushort port) : IEquatable<PeerKey>
{
    private const ulong MappedPrefix = 0xFFFF;

    private readonly ulong _high = high;
    private readonly ulong _low = low;

    public ushort Port { get; } = port;

    public bool IsIPv4 => _high == 0 && _low >> 32 == MappedPrefix;

    public IPEndPoint EndPoint
    {
        get
        {
            Span<byte> bytes = stackalloc byte[16];
            WriteAddress(bytes);
            return new IPEndPoint(new IPAddress(IsIPv4 ? bytes[12..] : bytes), Port);
        }
    }

    public static PeerKey Create(IPAddress address, ushort port)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        return Create(bytes[..length], port);
    }

    /// <summary>Creates a key from an address of 4 or 16 bytes.</summary>
    public static PeerKey Create(ReadOnlySpan<byte> address, ushort port) => address.Length == 4
        ? new PeerKey(0, MappedPrefix << 32 | BinaryPrimitives.ReadUInt32BigEndian(address), port)
        : new PeerKey(BinaryPrimitives.ReadUInt64BigEndian(address), BinaryPrimitives.ReadUInt64BigEndian(address[8..]), port);

    /// <summary>The key of all peers of a subscriber: the address, or for IPv6 its /64 network, all of which one machine can use; without a port.</summary>
    public PeerKey Subscriber => new(_high, IsIPv4 ? _low : 0, 0);

    /// <summary>The same address with another port.</summary>
    public PeerKey WithPort(ushort port) => new(_high, _low, port);

    /// <summary>Whether it belongs to a requested family, or both are requested.</summary>
    public bool Is(AddressFamily family) => family == AddressFamily.Unspecified || family == AddressFamily.InterNetwork == IsIPv4;

    /// <summary>Writes address and port in compact form (BEP 23, BEP 7); 6 or 18 bytes.</summary>
    public int WriteCompact(Span<byte> destination)
    {
        int length = 16;
        if (IsIPv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)_low);
            length = 4;
        }
        else
        {
            WriteAddress(destination);
        }
        BinaryPrimitives.WriteUInt16BigEndian(destination[length..], Port);
        return length + 2;
    }

    /// <summary>Writes the 16 bytes of the address.</summary>
    public void WriteAddress(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _high);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _low);
    }

    public bool Equals(PeerKey other) => _high == other._high && _low == other._low && Port == other.Port;

    public override bool Equals(object? obj) => obj is PeerKey other && Equals(other);

    // Randomly seeded in each process, so that an attacker cannot choose addresses whose hash codes collide.
    public override int GetHashCode() => HashCode.Combine(_high, _low, Port);
}
