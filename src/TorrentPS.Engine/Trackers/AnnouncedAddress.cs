using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Trackers;

/// <summary>The address that trackers are told to list in place of the one that an announce comes from (BEP 3, <c>ip</c>; BEP 7, <c>ipv6</c>; BEP 15, IP address). Many trackers ignore it.</summary>
public static class AnnouncedAddress
{
    /// <summary>What it has to be, for messages about one that is not.</summary>
    public const string Expected = "the IP address by which peers reach this machine, such as 192.0.2.1 or 2001:db8::1";

    /// <summary>Reads an address of one machine, IPv4 or IPv6.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">It is none; the message says what it has to be.</exception>
    public static IPAddress Parse(string? text)
    {
        string trimmed = text?.Trim() ?? "";
        // "1" and "10.1" would be read as addresses that nobody means, and the number of an interface means nothing elsewhere.
        bool isFull = trimmed.Contains(':') ? !trimmed.AsSpan().ContainsAny("%[]") : trimmed.AsSpan().Count('.') == 3;
        if (!isFull || !IPAddress.TryParse(trimmed, out IPAddress? address) || HasLeadingZero(address, trimmed))
            throw Wrong(text);
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return AddressRules.IsPeer(new IPEndPoint(address, 1)) ? address : throw Wrong(text);
    }

    // To some, a number that begins with 0 is octal.
    private static bool HasLeadingZero(IPAddress address, string text) => address.AddressFamily == AddressFamily.InterNetwork && address.ToString() != text;

    private static FormatException Wrong(string? text) => new($"'{text}' is no address to announce: give {Expected}.");
}
