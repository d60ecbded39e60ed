using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Trackers;

/// <summary>
/// The address for trackers to list in place of an announce's source address (BEP 3, <c>ip</c>; BEP 7, <c>ipv6</c>; BEP 15, IP address). Many trackers ignore it.
/// </summary>
public static class AnnouncedAddress
{
    /// <summary>The expected form, for messages about invalid ones.</summary>
    public const string Expected = "the IP address by which peers reach this machine, such as 192.0.2.1 or 2001:db8::1";

    /// <summary>Reads the address of one machine, IPv4 or IPv6.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">It is invalid; the message has the expected form.</exception>
    public static IPAddress Parse(string? text)
    {
        string trimmed = text?.Trim() ?? "";
        // "1" and "10.1" would be read as unintended addresses, and the number of an interface has no meaning elsewhere.
        bool isFull = trimmed.Contains(':') ? !trimmed.AsSpan().ContainsAny("%[]") : trimmed.AsSpan().Count('.') == 3;
        if (!isFull || !IPAddress.TryParse(trimmed, out IPAddress? address) || HasLeadingZero(address, trimmed))
            throw Wrong(text);
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return AddressRules.IsPeer(new IPEndPoint(address, 1)) ? address : throw Wrong(text);
    }

    // Some programs read a number that begins with 0 as octal.
    private static bool HasLeadingZero(IPAddress address, string text) => address.AddressFamily == AddressFamily.InterNetwork && address.ToString() != text;

    private static FormatException Wrong(string? text) => new($"'{text}' is not an address to announce: give {Expected}.");
}
