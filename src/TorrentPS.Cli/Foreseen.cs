using TorrentPS.Engine.Errors;

namespace TorrentPS.Cli;

/// <summary>Exceptions of the system that say too little, and for which the user can do something.</summary>
internal static class Foreseen
{
    /// <summary>What an exception means; null where nobody knows.</summary>
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
