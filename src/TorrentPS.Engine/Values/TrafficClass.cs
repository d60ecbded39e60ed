using System.Globalization;
using System.Net.Sockets;

namespace TorrentPS.Engine.Values;

/// <summary>
/// The mark of packets for routers on their way: a differentiated services code point (DSCP, RFC 2474), which is the upper six bits of the TOS field of IPv4 and of the
/// traffic class of IPv6. Its effect depends on the network.
/// </summary>
public readonly record struct TrafficClass
{
    /// <summary>The expected form of a text, for messages about invalid ones.</summary>
    public const string Expected = "a number from 0 to 63, or CS0 to CS7, AF11 to AF13, AF21 to AF23, AF31 to AF33, AF41 to AF43, EF, VA or LE";

    private const int Highest = 63;
    private const int Ip = 0, Ipv6 = 41; // levels: IPPROTO_IP, IPPROTO_IPV6

    /// <summary>Creates a code point.</summary>
    /// <param name="value">The number, 0 to 63.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is not from 0 to 63.</exception>
    public TrafficClass(int value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, Highest);
        Value = value;
    }

    /// <summary>The number, 0 to 63.</summary>
    public int Value { get; }

    /// <summary>
    /// The named code points: class selectors (RFC 2474), assured forwarding (RFC 2597), expedited forwarding (RFC 3246), voice (RFC 5865), lower effort (RFC 8622).
    /// </summary>
    public static IReadOnlyDictionary<string, TrafficClass> Named { get; } = new Dictionary<string, TrafficClass>(StringComparer.OrdinalIgnoreCase)
    {
        ["LE"] = new(1),
        ["CS0"] = new(0),
        ["CS1"] = new(8),
        ["AF11"] = new(10),
        ["AF12"] = new(12),
        ["AF13"] = new(14),
        ["CS2"] = new(16),
        ["AF21"] = new(18),
        ["AF22"] = new(20),
        ["AF23"] = new(22),
        ["CS3"] = new(24),
        ["AF31"] = new(26),
        ["AF32"] = new(28),
        ["AF33"] = new(30),
        ["CS4"] = new(32),
        ["AF41"] = new(34),
        ["AF42"] = new(36),
        ["AF43"] = new(38),
        ["CS5"] = new(40),
        ["VA"] = new(44),
        ["EF"] = new(46),
        ["CS6"] = new(48),
        ["CS7"] = new(56),
    };

    /// <summary>Reads a number or a name, ignoring case.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">It is neither; the message has the expected form.</exception>
    public static TrafficClass Parse(string? text)
    {
        string? trimmed = text?.Trim();
        if (trimmed is not null && Named.TryGetValue(trimmed, out TrafficClass named))
            return named;
        return int.TryParse(trimmed, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value <= Highest
            ? new TrafficClass(value)
            : throw new FormatException($"'{text}' is not a traffic class: give {Expected}.");
    }

    /// <summary>The name, or the number if it has none.</summary>
    public override string ToString()
    {
        foreach ((string name, TrafficClass named) in Named)
        {
            if (named == this)
                return name;
        }

        return Value.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The reason for which this system cannot mark packets with it; null if it can.</summary>
    internal string? Refusal()
    {
        if (OperatingSystem.IsWindows())
            return "Windows marks packets by its own policies alone, as New-NetQosPolicy makes them";
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            Mark(socket);
            return null;
        }
        catch (SocketException exception)
        {
            return exception.Message.TrimEnd('.');
        }
    }

    /// <summary>Marks the packets that a socket sends from now on; false if the system refuses, which has no other effect.</summary>
    internal bool TryMark(Socket socket)
    {
        try
        {
            Mark(socket);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Mark(Socket socket)
    {
        // IP_TOS and IPV6_TCLASS. The lower two bits are congestion notification (RFC 3168) and stay the system's.
        byte[] field = BitConverter.GetBytes(Value << 2);
        bool isV6 = socket.AddressFamily == AddressFamily.InterNetworkV6;
        if (OperatingSystem.IsLinux())
        {
            if (isV6)
                socket.SetRawSocketOption(Ipv6, 67, field);
            socket.SetRawSocketOption(Ip, 1, field); // an IPv6 socket may also send to IPv4 addresses
        }
        else if (OperatingSystem.IsMacOS())
        {
            socket.SetRawSocketOption(isV6 ? Ipv6 : Ip, isV6 ? 36 : 3, field);
        }
    }
}
