using TorrentPS.Engine.Http;

namespace TorrentPS.Engine.Trackers;

/// <summary>How a user lifts what <see cref="ReachRules"/> refuses of trackers.</summary>
internal static class TrackerTargets
{
    /// <summary>The environment variable by which a user allows it for the module and the tool.</summary>
    public const string Variable = "TORRENTPS_ALLOW_PRIVATE_TRACKERS";

    /// <summary>What to do where it is one's own.</summary>
    public const string OptOut = $"if it is meant, set the environment variable {Variable} to 1";

    /// <summary>Whether the user allows all: <see cref="Variable"/> is set to something other than 0 or false.</summary>
    public static bool IsAllowedByUser() =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } value && value != "0" && !value.Equals("false", StringComparison.OrdinalIgnoreCase);
}
