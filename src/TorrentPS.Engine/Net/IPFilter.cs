using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Net;

/// <summary>
/// Addresses that a client neither connects to nor accepts, as peers or as DHT nodes. Trackers and web seeds are servers that the torrent or the user names, and are not
/// filtered. Thread-safe.
/// </summary>
public sealed class IPFilter
{
    private readonly AddressRanges<uint> _v4;
    private readonly AddressRanges<UInt128> _v6;

    private readonly AllowedAddresses? _allowed;

    private IPFilter(AddressListReader reader)
    {
        (_v4, _v6) = reader.ToRanges();
        Warnings = [.. reader.Warnings];
    }

    private IPFilter(IPFilter blocked, AllowedAddresses allowed)
    {
        (_v4, _v6, _allowed, Warnings) = (blocked._v4, blocked._v6, allowed, blocked.Warnings);
    }

    /// <summary>A filter that blocks the addresses of a filter and all that are not allowed; null if neither is given.</summary>
    internal static IPFilter? Of(IPFilter? blocked, AllowedAddresses? allowed) =>
        allowed is null ? blocked : new IPFilter(blocked ?? new IPFilter(new AddressListReader()), allowed);

    /// <summary>The blocking rule, for messages.</summary>
    internal string Name => _allowed is null ? "The IP filter" : RangeCount == 0 ? "The list of allowed addresses" : "The IP filter or the list of allowed addresses";

    /// <summary>The number of separate blocked ranges.</summary>
    public int RangeCount => _v4.Count + _v6.Count;

    /// <summary>A sentence for each list with unreadable lines, which block nothing.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>
    /// Loads IP block-list files, plain or gzip. A line is <c>name:first-last</c> (p2p, PeerGuardian), <c>first - last , level , name</c> (dat, eMule; levels of 128 and
    /// more are not blocked), an address, a range, or a prefix in CIDR notation, IPv4 or IPv6.
    /// </summary>
    /// <param name="paths">The files; an address is blocked if any of them contains it.</param>
    /// <exception cref="TorrentException"><c>InvalidIPFilter</c>: a file cannot be read, or has no valid line.</exception>
    public static IPFilter Load(IEnumerable<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        var reader = new AddressListReader();
        foreach (string path in paths)
            reader.Read(path);
        return new IPFilter(reader);
    }

    /// <summary>Whether an address is blocked.</summary>
    /// <param name="address">The address; one mapped to IPv6 counts as its IPv4 address.</param>
    public bool Blocks(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        return address.TryWriteBytes(bytes, out int length) && Blocks(bytes[..length]);
    }

    /// <summary>Whether an address in the system's format (sockaddr_in, sockaddr_in6) is blocked, without creating an object.</summary>
    internal bool Blocks(SocketAddress address)
    {
        ReadOnlySpan<byte> bytes = address.Buffer.Span[..address.Size];
        return Blocks(address.Family == AddressFamily.InterNetworkV6 ? bytes.Slice(8, 16) : bytes.Slice(4, 4));
    }

    /// <summary>The reason for which an address is blocked.</summary>
    internal string Explain(IPAddress address) =>
        _allowed?.Contains(address) is false ? $"{address} is not among the allowed addresses." : $"The IP filter blocks {address}.";

    private bool Blocks(ReadOnlySpan<byte> bytes)
    {
        if (_allowed?.Contains(bytes) is false)
            return true;
        if (bytes.Length == 4)
            return _v4.Contains(BinaryPrimitives.ReadUInt32BigEndian(bytes));
        UInt128 address = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return address >> 32 == 0xffff ? _v4.Contains((uint)address) : _v6.Contains(address);
    }
}
