using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Net;

/// <summary>
/// Addresses that a client has nothing to do with as peers or as nodes of the DHT: it neither connects to them nor lets them connect. Trackers and web seeds
/// are servers that the torrent or the user names, and are asked all the same. Safe to use from several threads.
/// </summary>
public sealed class IPFilter
{
    private readonly AddressRanges<uint> _v4;
    private readonly AddressRanges<UInt128> _v6;

    private IPFilter(AddressListReader reader)
    {
        (_v4, _v6) = reader.ToRanges();
        Warnings = [.. reader.Warnings];
    }

    /// <summary>How many separate ranges of addresses are blocked.</summary>
    public int RangeCount => _v4.Count + _v6.Count;

    /// <summary>A sentence for each list that has lines which cannot be read; these block nothing.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>
    /// Reads lists from files, plain or compressed with gzip. The lines of a list are <c>name:first-last</c> (p2p, as of PeerGuardian), <c>first - last , level , name</c>
    /// (dat, as of eMule; levels of 128 and more are not blocked), an address, a range, or an address with the length of a prefix. Both IPv4 and IPv6.
    /// </summary>
    /// <param name="paths">The files; what any of them blocks is blocked.</param>
    /// <exception cref="TorrentException"><c>InvalidIPFilter</c>: a file cannot be read, or has no line of such a list.</exception>
    public static IPFilter Load(IEnumerable<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        var reader = new AddressListReader();
        foreach (string path in paths)
            reader.Read(path);
        return new IPFilter(reader);
    }

    /// <summary>Whether an address is blocked.</summary>
    /// <param name="address">The address; one that is mapped to IPv6 is the IPv4 address that it means.</param>
    public bool Blocks(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        return address.TryWriteBytes(bytes, out int length) && Blocks(bytes[..length]);
    }

    /// <summary>Whether an address is blocked that is as the system writes it (sockaddr_in, sockaddr_in6), without making an object of it.</summary>
    internal bool Blocks(SocketAddress address)
    {
        ReadOnlySpan<byte> bytes = address.Buffer.Span[..address.Size];
        return Blocks(address.Family == AddressFamily.InterNetworkV6 ? bytes.Slice(8, 16) : bytes.Slice(4, 4));
    }

    private bool Blocks(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 4)
            return _v4.Contains(BinaryPrimitives.ReadUInt32BigEndian(bytes));
        UInt128 address = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return address >> 32 == 0xffff ? _v4.Contains((uint)address) : _v6.Contains(address);
    }
}
