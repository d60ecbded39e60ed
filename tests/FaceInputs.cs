namespace TorrentPS;

/// <summary>What users give to either face, and what it is to both: what the cmdlets take, the command takes, and in the same way.</summary>
internal static class FaceInputs
{
    /// <summary>Texts of a peer, and the peer; null where it is refused.</summary>
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

    /// <summary>Texts of a rate, and the bytes a second; null where it is refused.</summary>
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
}
