using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace TorrentPS.Engine.Wire;

/// <summary>Peer ids (BEP 3, BEP 20): creates our own, formats those of others, and identifies their clients.</summary>
internal static class PeerId
{
    public const int Length = 20;

    /// <summary>Our Azureus-style prefix (BEP 20): client code, then version 0.1.0.0.</summary>
    public static ReadOnlySpan<byte> Prefix => "-TP0100-"u8;

    /// <summary>Creates an id. Each torrent gets its own, so that ids do not reveal which downloads belong to one user.</summary>
    public static byte[] Create()
    {
        byte[] id = new byte[Length];
        Prefix.CopyTo(id);
        ReadOnlySpan<byte> alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8;
        for (int i = Prefix.Length; i < Length; i++)
            id[i] = alphabet[RandomNumberGenerator.GetInt32(alphabet.Length)];
        return id;
    }

    /// <summary>The id as text: printable ASCII as it is, other bytes and the percent sign as %XX. Null if there is none.</summary>
    public static string? ToText(ReadOnlySpan<byte> id)
    {
        if (id.IsEmpty)
            return null;
        var text = new StringBuilder(Length);
        foreach (byte value in id)
        {
            if (value is > 0x20 and < 0x7F and not (byte)'%')
                text.Append((char)value);
            else
                text.Append('%').Append(value.ToString("X2", CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }

    /// <summary>The client's name and version according to the id; null if it follows no known convention.</summary>
    public static string? ClientName(ReadOnlySpan<byte> id)
    {
        if (id.Length < Length)
            return null;
        return AzureusStyle(id) ?? Aria2Style(id) ?? ShadowStyle(id) ?? MainlineStyle(id);
    }

    /// <summary>'-', two letters, four version characters, '-'.</summary>
    private static string? AzureusStyle(ReadOnlySpan<byte> id)
    {
        if (id[0] != '-' || id[7] != '-' || !char.IsAsciiLetterOrDigit((char)id[1]) || !IsClientCharacter(id[2]))
            return null;
        string code = string.Create(2, (First: (char)id[1], Second: (char)id[2]), static (span, pair) => (span[0], span[1]) = pair);
        ReadOnlySpan<byte> version = id[3..7];
        foreach (byte value in version)
        {
            if (Digit(value) < 0)
                return s_azureus.GetValueOrDefault(code);
        }

        if (!s_azureus.TryGetValue(code, out string? name))
            return string.Create(CultureInfo.InvariantCulture, $"{code} {Encoding.ASCII.GetString(version)}");
        string number = code switch
        {
            "TR" when Digit(version[0]) <= 3 => OldTransmissionVersion(version),
            "WW" or "WD" => string.Create(CultureInfo.InvariantCulture, $"{10 * Digit(version[0]) + Digit(version[1])}.{10 * Digit(version[2]) + Digit(version[3])}"),
            _ => Version(version),
        };
        return $"{name} {number}";
    }

    /// <summary>Before 4.0: one digit for major, two for minor; in the first years, all at the end.</summary>
    private static string OldTransmissionVersion(ReadOnlySpan<byte> version)
    {
        if (!version.StartsWith("00"u8))
            return $"{(char)version[0]}.{(char)version[1]}{(char)version[2]}";
        return version[2] == '0' ? $"0.{(char)version[3]}" : $"0.{(char)version[2]}{(char)version[3]}";
    }

    /// <summary>"A2", then the numbers of the version, each after a dash, and a dash.</summary>
    private static string? Aria2Style(ReadOnlySpan<byte> id)
    {
        if (!id.StartsWith("A2-"u8))
            return null;
        int dashes = 0, end = 3;
        for (; end < id.Length && dashes < 3; end++)
        {
            bool isDash = id[end] == '-';
            if (isDash ? id[end - 1] == '-' : !char.IsAsciiDigit((char)id[end]))
                return null;
            dashes += isDash ? 1 : 0;
        }

        return dashes == 3 ? $"aria2 {Encoding.ASCII.GetString(id[3..(end - 1)]).Replace('-', '.')}" : null;
    }

    private static bool IsClientCharacter(byte value) => char.IsAsciiLetterOrDigit((char)value) || value is (byte)'~';

    /// <summary>Major.minor.patch, and a fourth number if it is not zero; a letter there denotes the kind of build, not a number.</summary>
    private static string Version(ReadOnlySpan<byte> digits)
    {
        int a = Digit(digits[0]), b = Digit(digits[1]), c = Digit(digits[2]), d = Digit(digits[3]);
        return d is > 0 and < 10
            ? string.Create(CultureInfo.InvariantCulture, $"{a}.{b}.{c}.{d}")
            : string.Create(CultureInfo.InvariantCulture, $"{a}.{b}.{c}");
    }

    private static int Digit(byte value) => value switch
    {
        >= (byte)'0' and <= (byte)'9' => value - '0',
        >= (byte)'A' and <= (byte)'Z' => value - 'A' + 10,
        >= (byte)'a' and <= (byte)'z' => value - 'a' + 36,
        _ => -1,
    };

    /// <summary>One letter, then up to five version characters, then dashes.</summary>
    private static string? ShadowStyle(ReadOnlySpan<byte> id)
    {
        string? name = (char)id[0] switch
        {
            'A' => "ABC",
            'O' => "Osprey Permaseed",
            'Q' => "BTQueue",
            'R' => "Tribler",
            'S' => "Shadow",
            'T' => "BitTornado",
            'U' => "UPnP NAT Bit Torrent",
            _ => null,
        };
        if (name is null || id[4] != '-' && id[5] != '-' && id[6] != '-')
            return null;
        int end = 1;
        while (end < 6 && id[end] != '-')
        {
            if (Digit(id[end]) < 0)
                return null;
            end++;
        }

        if (end == 1 || !id.Slice(end, 2).SequenceEqual("--"u8))
            return null;
        var version = new StringBuilder();
        foreach (byte value in id[1..end])
            version.Append(version.Length == 0 ? "" : ".").Append(Digit(value));
        return $"{name} {version}";
    }

    /// <summary>'M' or 'Q', then numbers separated by single dashes.</summary>
    private static string? MainlineStyle(ReadOnlySpan<byte> id)
    {
        int end = id.IndexOf("--"u8);
        if (id[0] is not ((byte)'M' or (byte)'Q') || end is < 6 or > 9)
            return null;
        ReadOnlySpan<byte> version = id[1..end];
        foreach (byte value in version)
        {
            if (!char.IsAsciiDigit((char)value) && value != '-')
                return null;
        }

        string numbers = Encoding.ASCII.GetString(version).Replace('-', '.');
        return id[0] == 'M' ? $"BitTorrent {numbers}" : $"Queen Bee {numbers}";
    }

    private static readonly Dictionary<string, string> s_azureus = new(StringComparer.Ordinal)
    {
        ["AG"] = "Ares",
        ["AX"] = "BitPump",
        ["AZ"] = "Vuze",
        ["BB"] = "BitBuddy",
        ["BC"] = "BitComet",
        ["BG"] = "BTG",
        ["BI"] = "BiglyBT",
        ["BL"] = "BitLord",
        ["BR"] = "BitRocket",
        ["BT"] = "BitTorrent",
        ["BW"] = "BitWombat",
        ["BX"] = "BittorrentX",
        ["CD"] = "Enhanced CTorrent",
        ["CT"] = "CTorrent",
        ["DE"] = "Deluge",
        ["DP"] = "Propagate",
        ["EB"] = "EBit",
        ["FC"] = "FileCroc",
        ["FD"] = "Free Download Manager",
        ["FT"] = "FoxTorrent",
        ["FW"] = "FrostWire",
        ["FX"] = "Freebox BitTorrent",
        ["GS"] = "GSTorrent",
        ["HL"] = "Halite",
        ["KG"] = "KGet",
        ["KT"] = "KTorrent",
        ["LH"] = "LH-ABC",
        ["LP"] = "Lphant",
        ["LT"] = "libtorrent",
        ["lt"] = "rTorrent",
        ["LW"] = "LimeWire",
        ["MO"] = "MonoTorrent",
        ["MR"] = "Miro",
        ["NX"] = "Net Transport",
        ["PI"] = "PicoTorrent",
        ["qB"] = "qBittorrent",
        ["QD"] = "QQDownload",
        ["RT"] = "Retriever",
        ["SB"] = "Swiftbit",
        ["SD"] = "Thunder",
        ["SN"] = "ShareNET",
        ["SS"] = "SwarmScope",
        ["ST"] = "SymTorrent",
        ["SZ"] = "Shareaza",
        ["TI"] = "Tixati",
        ["TL"] = "Tribler",
        ["TN"] = "TorrentDotNET",
        ["TP"] = "TorrentPS",
        ["TR"] = "Transmission",
        ["TS"] = "TorrentStorm",
        ["TT"] = "TuoTu",
        ["TX"] = "Tixati",
        ["UE"] = "\u00B5Torrent Embedded",
        ["UL"] = "uLeecher!",
        ["UM"] = "\u00B5Torrent for Mac",
        ["UT"] = "\u00B5Torrent",
        ["UW"] = "\u00B5Torrent Web",
        ["VG"] = "Vagaa",
        ["WD"] = "WebTorrent Desktop",
        ["WT"] = "BitLet",
        ["WW"] = "WebTorrent",
        ["WY"] = "FireTorrent",
        ["XL"] = "Xunlei",
        ["XT"] = "XanTorrent",
        ["XX"] = "Xtorrent",
        ["ZT"] = "ZipTorrent",
        ["A2"] = "aria2",
        ["GT"] = "Go.Torrent",
        ["RQ"] = "rqbit",
        ["BE"] = "BitTorrent SDK",
        ["FL"] = "Flud",
        ["LR"] = "LibreTorrent",
        ["PB"] = "Protocol::BitTorrent",
        ["TB"] = "Torch",
    };
}
