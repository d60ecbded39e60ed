using TorrentPS.Engine.Http;

namespace TorrentPS.Engine.Trackers;

/// <summary>How a user lifts the restrictions of <see cref="ReachRules"/> for trackers.</summary>
internal static class TrackerTargets
{
    /// <summary>The environment variable that lifts them for the module and the tool.</summary>
    public const string Variable = "TORRENTPS_ALLOW_PRIVATE_TRACKERS";

    /// <summary>The advice in the error message.</summary>
    public const string OptOut = $"if it is meant, set the environment variable {Variable} to 1";

    /// <summary>Whether the user has lifted them: <see cref="Variable"/> is set to something other than 0 or false.</summary>
    public static bool IsAllowedByUser() =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } value && value != "0" && !value.Equals("false", StringComparison.OrdinalIgnoreCase);
}
