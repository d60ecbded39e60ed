namespace TorrentPS.Interop.Tests.Harness;

/// <summary>How long anything may take: far longer than it ever needs, so that a busy machine fails nothing, and short enough that nothing hangs.</summary>
internal static class Limits
{
    /// <summary>A whole test, in milliseconds.</summary>
    public const int Test = 600_000;

    /// <summary>Until a process answers.</summary>
    public static readonly TimeSpan Start = TimeSpan.FromMinutes(2);

    /// <summary>Until a transfer, or a part of one, is done. Transmission looks at its peers every ten seconds, so it needs twelve for its first block.</summary>
    public static readonly TimeSpan Transfer = TimeSpan.FromMinutes(4);
}
