namespace TorrentPS;

/// <summary>Inputs of users in both faces, and their meaning: the cmdlets and the command accept the same, in the same way.</summary>
internal static class FaceInputs
{
    /// <summary>Texts of peers, with the peer; null if it is refused.</summary>
    public static TheoryData<string, string?> Peers => new()
    {
        { "192.0.2.1:6881", "192.0.2.1:6881" },
        { " 192.0.2.1:1 ", "192.0.2.1:1" },
        { "[2001:db8::1]:65535", "[2001:db8::1]:65535" },
        { "peer.example:6881", "peer.example:6881" },
        { "localhost:80", "localhost:80" },
        { "1:6881", null },
        { "2130706433:6881", null },
        { "010.0.0.1:6881", null },
        { "127.1:6881", null },
        { "256.0.0.1:6881", null },
        { "192.0.2.1", null },
        { "192.0.2.1:0", null },
        { "192.0.2.1:65536", null },
        { "192.0.2.1:-1", null },
        { "2001:db8::1:6881", null },
        { "[192.0.2.1]:6881", null },
        { ":6881", null },
        { "a b:6881", null },
        { "http://peer.example:6881", null },
    };

    /// <summary>Hosts that cannot be resolved although <see cref="Uri"/> accepts them: without an ASCII form, or too long.</summary>
    public static TheoryData<string> UnusableHosts =>
    [
        $"{Repeat("1.", 60)}1ò.{Repeat("1.", 70)}oo",
        $"1ò.{Repeat("1.", 125)}de",
        $"{Repeat("ö", 70)}.example",
        $"{Repeat("a.", 127)}example",
    ];

    /// <summary>Texts of rates, with the bytes per second; null if it is refused.</summary>
    public static TheoryData<string, long?> Rates => new()
    {
        { "0", 0 },
        { "1", 1 },
        { "0.7", 1 },
        { "0.3", 1 },
        { "5242880", 5242880 },
        { "5MB", 5242880 },
        { "5mb/s", 5242880 },
        { " 5 MiB/s ", 5242880 },
        { "500K", 512000 },
        { "1.5KB", 1536 },
        { "1GB", 1L << 30 },
        { "100 b/s", 100 },
        { "9223372036854775807", long.MaxValue },
        { "9223372036854775808", null },
        { "MB", null },
        { "-1", null },
        { "5MBx", null },
        { "5Mbit", null },
        { "1,5MB", null },
        { "1e3", null },
        { "5MB/min", null },
    };

    /// <summary>Texts of networks, and whether they are accepted.</summary>
    public static TheoryData<string, bool> Networks => new()
    {
        { "192.0.2.1", true },
        { "10.0.0.1-10.0.0.99", true },
        { "10.0.0.1 - 10.0.0.99", true },
        { "192.168.0.0/16", true },
        { "2001:db8::/32", true },
        { "2001:db8::1-2001:db8::ff", true },
        { "10.0.0.0/8,192.168.0.0/16", true },
        { "", false },
        { "here", false },
        { "10.0.0.0/33", false },
        { "10.0.0.9-10.0.0.1", false },
        { "10.0.0.0/8,", false },
        { "10.0.0.0/8 # ours", false },
        { "ours:10.0.0.1-10.0.0.9", false },
        { "10.0.0.1-2001:db8::1", false },
        { "10.0.0", false },
        { "fe80::1%1", false },
    };

    /// <summary>Texts of addresses to announce, with the address; null if it is refused.</summary>
    public static TheoryData<string, string?> AnnouncedAddresses => new()
    {
        { "192.0.2.1", "192.0.2.1" },
        { " 10.0.0.1 ", "10.0.0.1" },
        { "2001:DB8::1", "2001:db8::1" },
        { "::ffff:192.0.2.1", "192.0.2.1" },
        { "1", null },
        { "10.1", null },
        { "010.0.0.1", null },
        { "0.0.0.0", null },
        { "::", null },
        { "255.255.255.255", null },
        { "224.0.0.1", null },
        { "ff02::1", null },
        { "fe80::1%2", null },
        { "192.0.2.1:6881", null },
        { "[2001:db8::1]", null },
        { "peer.example", null },
        { "", null },
    };

    /// <summary>Texts of traffic classes, with the code point; null if it is refused.</summary>
    public static TheoryData<string, int?> TrafficClasses => new()
    {
        { "0", 0 },
        { "63", 63 },
        { "08", 8 },
        { "LE", 1 },
        { "cs1", 8 },
        { " AF11 ", 10 },
        { "EF", 46 },
        { "64", null },
        { "-1", null },
        { "1.5", null },
        { "AF14", null },
        { "CS8", null },
        { "0x08", null },
        { "fast", null },
        { "", null },
    };

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));

    /// <summary>Texts of web seed addresses, and whether they are accepted.</summary>
    public static TheoryData<string, bool> WebAddresses => new()
    {
        { "http://mirror.example/image.iso", true },
        { "https://[2001:db8::1]:8443/", true },
        { "HTTP://10.0.0.5/pub/", true },
        { "ftp://mirror.example/image.iso", false },
        { "mirror.example/image.iso", false },
        { "/srv/image.iso", false },
        { "http://", false },
        { "", false },
    };
}
