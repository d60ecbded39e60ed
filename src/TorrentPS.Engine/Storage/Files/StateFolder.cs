namespace TorrentPS.Engine.Storage.Files;

/// <summary>Where this program keeps what it wants to find again in its next run, and what is no part of a download.</summary>
internal static class StateFolder
{
    private const string Override = "TORRENTPS_STATE";

    /// <summary>The user's folder; null where there is no place for one.</summary>
    /// <param name="variable">The environment variables; those of this process unless given.</param>
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

        // As the XDG base directory specification has it: a path that is not absolute is to be ignored.
        if (variable("XDG_STATE_HOME") is { Length: > 0 } state && Path.IsPathRooted(state))
            return Path.Join(state, "torrentps");
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return home.Length == 0 ? null : Path.Join(home, ".local", "state", "torrentps");
    }
}
