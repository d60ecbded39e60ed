using System.Text;

namespace TorrentPS.Cli;

/// <summary>
/// UTF-8 on standard output and error, also on Windows, whose consoles and pipes have a local code page by default: file names would be full of question marks. The
/// console's setting is restored at the end.
/// </summary>
internal sealed class ConsoleEncoding : IDisposable
{
    private readonly Encoding? _before;

    public ConsoleEncoding()
    {
        if (!OperatingSystem.IsWindows())
            return;
        try
        {
            Encoding before = Console.OutputEncoding;
            if (before.CodePage == Encoding.UTF8.CodePage)
                return;
            Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
            _before = before;
        }
        catch (IOException)
        {
            // There is no console.
        }
    }

    public void Dispose()
    {
        try
        {
            if (_before is not null)
                Console.OutputEncoding = _before;
        }
        catch (IOException)
        {
            // The console is gone.
        }
    }
}
