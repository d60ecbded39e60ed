namespace TorrentPS.Engine.Storage.Files;

/// <summary>
/// Renames a file that was just written over another. Windows refuses that while another program has either of them open, as scanners of new files do for a moment; there
/// it is tried several times.
/// </summary>
internal static class PatientMove
{
    private const int Tries = 7;

    // ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION; ERROR_ACCESS_DENIED is an UnauthorizedAccessException.
    private const int SharingViolation = unchecked((int)0x80070020);
    private const int LockViolation = unchecked((int)0x80070021);

    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(10);

    /// <summary>Renames a file.</summary>
    /// <param name="from">The full path of the file.</param>
    /// <param name="to">The new full path, in the same folder.</param>
    /// <param name="overwrite">Whether to replace an existing file.</param>
    /// <exception cref="IOException">The file cannot be renamed, or the new name exists.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public static void Run(string from, string to, bool overwrite) =>
        Run(() => File.Move(from, to, overwrite), OperatingSystem.IsWindows() ? Tries : 1, Thread.Sleep);

    /// <param name="move">Renames the file.</param>
    /// <param name="tries">The number of attempts.</param>
    /// <param name="pause">Waits; each time twice as long, two thirds of a second in total.</param>
    internal static void Run(Action move, int tries, Action<TimeSpan> pause)
    {
        TimeSpan length = s_firstPause;
        for (int i = 1; ; i++, length *= 2)
        {
            try
            {
                move();
                return;
            }
            catch (Exception e) when (i < tries && (e is UnauthorizedAccessException || e.HResult is SharingViolation or LockViolation))
            {
                pause(length);
            }
        }
    }
}
