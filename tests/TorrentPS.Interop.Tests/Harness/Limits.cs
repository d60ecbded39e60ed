namespace TorrentPS.Interop.Tests.Harness;

/// <summary>Time limits: far longer than needed, so that a busy machine fails no test, and short enough to end a hang.</summary>
internal static class Limits
{
    /// <summary>A whole test, in milliseconds.</summary>
    public const int Test = 600_000;

    /// <summary>For a process to answer.</summary>
    public static readonly TimeSpan Start = TimeSpan.FromMinutes(2);

    /// <summary>For a transfer, or a part of one. Transmission processes its peers every ten seconds, so its first block takes twelve.</summary>
    public static readonly TimeSpan Transfer = TimeSpan.FromMinutes(4);
}
