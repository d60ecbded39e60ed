using TorrentPS.Engine.Errors;

namespace TorrentPS.Cli;

/// <summary>System exceptions with unhelpful messages, about which the user can do something.</summary>
internal static class Foreseen
{
    /// <summary>A helpful error for an exception; null if there is none.</summary>
    public static TorrentException? Explain(Exception exception) => exception switch
    {
        TorrentException known => known,
        FileNotFoundException or DirectoryNotFoundException when IsWorkingFolderGone() =>
            new TorrentException(TorrentErrorId.AccessDenied, "The folder that this was started in does not exist any more. Change to another one, or give whole paths.", exception),
        _ => null,
    };

    private static bool IsWorkingFolderGone()
    {
        try
        {
            return !Directory.Exists(Directory.GetCurrentDirectory());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }
}
