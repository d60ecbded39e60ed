using System.Net;

namespace TorrentPS.Engine.Discovery.Local;

/// <summary>The multicast groups of local discovery (BEP 14, "Protocol").</summary>
internal static class LocalGroups
{
    public const int Port = 6771;

    public static IPAddress V4 { get; } = new([239, 192, 152, 143]);

    public static IPAddress V6 { get; } = IPAddress.Parse("ff15::efc0:988f");
}
