using System.Reflection;

namespace TorrentPS.Engine.Display;

/// <summary>The name of this program, with the version of its assembly.</summary>
internal static class ProgramName
{
    private static readonly string s_version = typeof(ProgramName).Assembly.GetName().Version!.ToString(3);

    /// <summary>The name sent to peers (BEP 10, "v").</summary>
    public static string Client { get; } = $"TorrentPS {s_version}";

    /// <summary>The name sent to HTTP servers (RFC 9110, section 10.1.5).</summary>
    public static string UserAgent { get; } = $"TorrentPS/{s_version}";
}
