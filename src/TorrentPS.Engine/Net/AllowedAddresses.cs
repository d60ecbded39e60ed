using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Net;

/// <summary>
/// The only networks whose addresses are used as peers or DHT nodes: others are neither connected to nor accepted. Trackers and web seeds are servers named by the
/// torrent or the user, and are contacted wherever they are. Thread-safe; equal to another with the same networks in the same order.
/// </summary>
public sealed class AllowedAddresses : IEquatable<AllowedAddresses>
{
    /// <summary>The expected form of a network, for messages about invalid ones.</summary>
    public const string Expected = "an address, a range or a prefix, such as 192.0.2.1, 10.0.0.1-10.0.0.99, 192.168.0.0/16 or 2001:db8::/32";

    private readonly string _text;
    private readonly AddressRanges<uint> _v4;
    private readonly AddressRanges<UInt128> _v6;

    private AllowedAddresses(string text, IReadOnlyList<AddressRange> ranges)
    {
        _text = text;
        AddressRange[] v4 = [.. ranges.Where(range => range.Family == AddressFamily.InterNetwork)];
        AddressRange[] v6 = [.. ranges.Where(range => range.Family == AddressFamily.InterNetworkV6)];
        _v4 = AddressRanges<uint>.Create(Array.ConvertAll(v4, range => (uint)range.First), Array.ConvertAll(v4, range => (uint)range.Last));
        _v6 = AddressRanges<UInt128>.Create(Array.ConvertAll(v6, range => range.First), Array.ConvertAll(v6, range => range.Last));
    }

    /// <summary>Reads networks: addresses, ranges and prefixes, IPv4 and IPv6. A text may contain several, separated by commas.</summary>
    /// <param name="networks">The texts, at least one.</param>
    /// <exception cref="FormatException">One is invalid; the message names it and the expected form.</exception>
    public static AllowedAddresses Parse(params IEnumerable<string> networks)
    {
        ArgumentNullException.ThrowIfNull(networks);
        string[] texts = [.. networks.SelectMany(text => text.Split(',')).Select(text => text.Trim())];
        var ranges = new List<AddressRange>(texts.Length);
        foreach (string text in texts)
            ranges.Add(AddressLine.TryReadRange(text, out AddressRange range) ? range : throw new FormatException($"'{text}' is not a network: give {Expected}."));
        if (ranges.Count == 0)
            throw new FormatException($"No network is allowed: give {Expected}.");
        return new AllowedAddresses(string.Join(", ", texts), ranges);
    }

    /// <summary>Whether an address is in one of the networks.</summary>
    /// <param name="address">The address; an IPv4-mapped IPv6 address counts as its IPv4 address.</param>
    public bool Contains(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        return address.TryWriteBytes(bytes, out int length) && Contains(bytes[..length]);
    }

    internal bool Contains(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 4)
            return _v4.Contains(BinaryPrimitives.ReadUInt32BigEndian(bytes));
        UInt128 address = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return address >> 32 == 0xffff ? _v4.Contains((uint)address) : _v6.Contains(address);
    }

    /// <inheritdoc/>
    public bool Equals(AllowedAddresses? other) => other is not null && _text == other._text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as AllowedAddresses);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <summary>The networks as given, separated by commas.</summary>
    public override string ToString() => _text;
}
