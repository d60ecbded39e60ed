namespace TorrentPS.Engine.Storage.Files;

/// <summary>The folder for data kept between runs that is not part of a download.</summary>
internal static class StateFolder
{
    private const string Override = "TORRENTPS_STATE";

    /// <summary>The user's folder; null if there is no place for one.</summary>
    /// <param name="variable">Returns environment variables; by default those of this process.</param>
    public static string? OfUser(Func<string, string?>? variable = null)
    {
        variable ??= Environment.GetEnvironmentVariable;
        if (variable(Override) is { Length: > 0 } chosen)
            return Path.GetFullPath(chosen);
        if (OperatingSystem.IsWindows() || OperatingSystem.IsMacOS())
        {
            string data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
            return data.Length == 0 ? null : Path.Join(data, "TorrentPS");
        }

        // XDG base directory specification: a path that is not absolute is to be ignored.
        if (variable("XDG_STATE_HOME") is { Length: > 0 } state && Path.IsPathRooted(state))
            return Path.Join(state, "torrentps");
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return home.Length == 0 ? null : Path.Join(home, ".local", "state", "torrentps");
    }
}
