using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace TorrentPS.Cli;

/// <summary>
/// Ensures that standard input, output and error are open. If a caller has closed one (<c>&gt;&amp;-</c>), the next opened file or socket would get its number, and
/// output for the caller would be written to it: such a stream is opened on the null device instead.
/// </summary>
internal static partial class StandardStreams
{
    private const int GetFlags = 1;
    private const int CloseOnExecute = 1;
    private const int ReadWrite = 2;

    /// <summary>Call this before anything else is opened.</summary>
    public static void Open()
    {
        if (OperatingSystem.IsWindows())
            return;
        for (int stream = 0; stream <= 2; stream++)
        {
            switch (Control(stream, GetFlags))
            {
                case < 0:
                    _ = Open("/dev/null", ReadWrite); // the system assigns the lowest free number
                    break;

                // No inherited stream has this flag: the runtime itself has already opened a file here.
                case CloseOnExecute when stream == 1:
                    Console.SetOut(TextWriter.Null);
                    break;
                case CloseOnExecute when stream == 2:
                    Console.SetError(TextWriter.Null);
                    break;
            }
        }
    }

    [UnsupportedOSPlatform("windows")]
    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Control(int file, int command);

    [UnsupportedOSPlatform("windows")]
    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
