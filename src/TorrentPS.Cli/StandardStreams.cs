using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace TorrentPS.Cli;

/// <summary>
/// Makes sure that standard input, output and error are open. Where a caller has closed one (<c>&gt;&amp;-</c>), the next file or socket that is opened would get its
/// number, and what is meant for the caller would be written into it: such a stream leads nowhere instead.
/// </summary>
internal static partial class StandardStreams
{
    private const int GetFlags = 1;
    private const int CloseOnExecute = 1;
    private const int ReadWrite = 2;

    /// <summary>To be called before anything else is opened.</summary>
    public static void Open()
    {
        if (OperatingSystem.IsWindows())
            return;
        for (int stream = 0; stream <= 2; stream++)
        {
            switch (Control(stream, GetFlags))
            {
                case < 0:
                    _ = Open("/dev/null", ReadWrite); // the lowest number that is free is the one that is given
                    break;

                // No stream of a caller's has this: the runtime was faster, and has one of its own there.
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
