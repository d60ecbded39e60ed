using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Net;

/// <summary>
/// A line of an IP block list, in any of the common formats: <c>name:first-last</c> (p2p, PeerGuardian), <c>first - last , level , name</c> (dat, eMule), a single
/// address, <c>first-last</c> or CIDR.
/// </summary>
internal static class AddressLine
{
    /// <summary>Levels from here up are not blocked (eMule).</summary>
    private const int AllowedLevel = 128;

    private const int MaxRangeLength = 100; // of text; two IPv6 addresses take 93 characters

    private static readonly SearchValues<byte> s_ends = SearchValues.Create(" \t-/,;#"u8); // the characters of an address

    private const byte Mapped = 96; // the length of the prefix before an IPv4 address mapped to IPv6, in bits

    /// <summary>Parses a line.</summary>
    /// <param name="line">The line without its line end.</param>
    /// <param name="range">The range, if there is one.</param>
    public static AddressLineKind Read(ReadOnlySpan<byte> line, out AddressRange range)
    {
        range = default;
        line = line.Trim(" \t\r\0"u8);
        if (line.IsEmpty || line[0] is (byte)'#' or (byte)';' || line.StartsWith("//"u8))
            return AddressLineKind.Empty;
        AddressLineKind plain = ReadPlain(line, out range);
        return plain != AddressLineKind.Unreadable || !ReadNamed(line, out range) ? plain : AddressLineKind.Blocked;
    }

    /// <summary>Reads an address, a range or a prefix, with only spaces around it.</summary>
    public static bool TryReadRange(string text, out AddressRange range)
    {
        range = default;
        // The remark or level that may follow an address in a list is not allowed here.
        return text.Length <= MaxRangeLength && !text.AsSpan().ContainsAny(",;#") && System.Text.Ascii.IsValid(text)
            && ReadPlain(System.Text.Encoding.ASCII.GetBytes(text.Trim()), out range) == AddressLineKind.Blocked;
    }

    /// <summary>A line that begins with an address.</summary>
    private static AddressLineKind ReadPlain(ReadOnlySpan<byte> line, out AddressRange range)
    {
        range = default;
        int end = line.IndexOfAny(s_ends);
        if (!TryParse(end < 0 ? line : line[..end], out UInt128 first, out AddressFamily family))
            return AddressLineKind.Unreadable;
        ReadOnlySpan<byte> rest = end < 0 ? default : line[end..].TrimStart(" \t"u8);
        UInt128 last = first;
        if (rest.StartsWith("-"u8))
        {
            rest = rest[1..].TrimStart(" \t"u8);
            int lastEnd = rest.IndexOfAny(" \t,;#"u8);
            if (!TryParse(lastEnd < 0 ? rest : rest[..lastEnd], out last, out AddressFamily lastFamily) || lastFamily != family || last < first)
                return AddressLineKind.Unreadable;
            rest = lastEnd < 0 ? default : rest[lastEnd..].TrimStart(" \t"u8);
        }
        else if (rest.StartsWith("/"u8))
        {
            int bits = family == AddressFamily.InterNetworkV6 ? 128 : 32;
            if (!Utf8Parser.TryParse(rest[1..], out byte prefix, out int digits) || prefix > bits)
                return AddressLineKind.Unreadable;
            UInt128 hosts = prefix == bits ? 0 : UInt128.MaxValue >> (128 - bits + prefix);
            (first, last) = (first & ~hosts, first | hosts);
            rest = rest[(1 + digits)..].TrimStart(" \t"u8);
        }

        if (!ReadLevel(rest, out bool isBlocked))
            return AddressLineKind.Unreadable;
        range = Range(first, last, family);
        return isBlocked ? AddressLineKind.Blocked : AddressLineKind.Allowed;
    }

    /// <summary>The rest after the addresses: nothing, a comment, or a level and a name.</summary>
    private static bool ReadLevel(ReadOnlySpan<byte> rest, out bool isBlocked)
    {
        isBlocked = true;
        if (rest.IsEmpty || rest[0] is (byte)';' or (byte)'#')
            return true;
        if (rest[0] != (byte)',')
            return false;
        int end = rest[1..].IndexOf((byte)',');
        ReadOnlySpan<byte> level = (end < 0 ? rest[1..] : rest.Slice(1, end)).Trim(" \t"u8);
        if (level.IsEmpty)
            return true;
        if (!Utf8Parser.TryParse(level, out int number, out int digits) || digits != level.Length)
            return false;
        isBlocked = number < AllowedLevel;
        return true;
    }

    /// <summary>A line that begins with a name, which may itself contain colons and hyphens.</summary>
    private static bool ReadNamed(ReadOnlySpan<byte> line, out AddressRange range)
    {
        range = default;
        int hyphen = line.LastIndexOf((byte)'-');
        if (hyphen < 0 || !TryParse(line[(hyphen + 1)..].Trim(" \t"u8), out UInt128 last, out AddressFamily family))
            return false;
        ReadOnlySpan<byte> named = line[..hyphen];
        int colon = family == AddressFamily.InterNetwork ? named.LastIndexOf((byte)':') : named.IndexOf((byte)':');
        // An IPv6 address contains colons: the longest match is the address.
        while (colon >= 0)
        {
            named = named[(colon + 1)..];
            if (TryParse(named.Trim(" \t"u8), out UInt128 first, out AddressFamily firstFamily) && firstFamily == family)
            {
                range = Range(first, last, family);
                return first <= last;
            }

            colon = named.IndexOf((byte)':');
        }

        return false;
    }

    private static AddressRange Range(UInt128 first, UInt128 last, AddressFamily family)
    {
        UInt128 mapped = (UInt128)0xffff << (128 - Mapped);
        bool isMapped = family == AddressFamily.InterNetworkV6 && first >= mapped && last <= (mapped | uint.MaxValue);
        return isMapped ? new AddressRange((uint)first, (uint)last, AddressFamily.InterNetwork) : new AddressRange(first, last, family);
    }

    private static bool TryParse(ReadOnlySpan<byte> text, out UInt128 address, out AddressFamily family)
    {
        family = AddressFamily.InterNetwork;
        if (TryParseV4(text, out uint v4))
        {
            address = v4;
            return true;
        }

        family = AddressFamily.InterNetworkV6;
        address = 0;
        if (text.Length is < 2 or > 45 || !text.Contains((byte)':') || text.ContainsAny("%[]"u8) || !IPAddress.TryParse(text, out IPAddress? v6))
            return false;
        Span<byte> bytes = stackalloc byte[16];
        if (!v6.TryWriteBytes(bytes, out int length) || length != bytes.Length)
            return false;
        address = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return true;
    }

    /// <summary>Four decimal numbers, with leading zeros as in dat lists, which other programs would read as octal.</summary>
    private static bool TryParseV4(ReadOnlySpan<byte> text, out uint address)
    {
        address = 0;
        int part = 0;
        int digits = 0;
        int parts = 1;
        foreach (byte character in text)
        {
            if (character == '.')
            {
                if (digits == 0 || ++parts > 4)
                    return false;
                address = address << 8 | (uint)part;
                (part, digits) = (0, 0);
                continue;
            }

            if (character is < (byte)'0' or > (byte)'9' || ++digits > 3)
                return false;
            part = 10 * part + character - '0';
            if (part > byte.MaxValue)
                return false;
        }

        address = address << 8 | (uint)part;
        return parts == 4 && digits > 0;
    }
}

/// <summary>The kind of a line in an IP block list.</summary>
internal enum AddressLineKind
{
    /// <summary>Empty, or a comment.</summary>
    Empty,

    /// <summary>Addresses that are blocked.</summary>
    Blocked,

    /// <summary>Addresses that are not blocked, because of their level.</summary>
    Allowed,

    /// <summary>Not readable.</summary>
    Unreadable,
}
