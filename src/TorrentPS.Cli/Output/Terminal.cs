using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Cli.Output;

/// <summary>
/// The output: results to standard output, messages and progress to standard error. The console is initialized only when something is written, because that costs time at
/// startup.
/// </summary>
internal class Terminal
{
    private readonly Lock _lock = new();

    public virtual TextWriter Out => Console.Out;

    public virtual TextWriter Error => Console.Error;

    public virtual bool IsOutTerminal => !Console.IsOutputRedirected && !IsDumb;

    public virtual bool IsErrorTerminal => !Console.IsErrorRedirected && !IsDumb;

    /// <summary>Whether to write stack traces and the engine's log.</summary>
    public virtual bool IsDebug => Environment.GetEnvironmentVariable("TORRENTPS_DEBUG") is "1";

    private static bool IsDumb => Environment.GetEnvironmentVariable("TERM") is "dumb";

    /// <summary>Writes a line of a result; from any thread. Its text is made safe: one line, without control sequences.</summary>
    public void WriteLine(string line)
    {
        lock (_lock)
            Out.WriteLine(SafeText.Escape(line));
    }

    /// <summary>Writes the lines of one result, without lines of others between them.</summary>
    public void WriteLines(IEnumerable<string> lines)
    {
        lock (_lock)
        {
            foreach (string line in lines)
                Out.WriteLine(SafeText.Escape(line));
        }
    }

    /// <summary>Writes a message line; from any thread.</summary>
    public void WriteMessage(string line) => WriteToError($"torrentps: {line}");

    /// <summary>
    /// Writes a line to standard error. On failure (a full disk, a closed reader) the line is lost, and the exit code still reports the result. A failure to write to
    /// standard output is an error.
    /// </summary>
    public void WriteToError(string line)
    {
        try
        {
            lock (_lock)
                Error.WriteLine(SafeText.Escape(line));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
        }
    }

    /// <summary>Writes an error as one line: its id, the message, and its subject.</summary>
    public void WriteError(TorrentException error, string? subject = null)
    {
        WriteError(error.ErrorId, error.Message, subject);
        WriteTrace(error);
    }

    public void WriteError(TorrentErrorId errorId, string? message, string? subject = null)
    {
        string id = errorId.ToString();
        string text = string.IsNullOrEmpty(message) ? id
            : message.StartsWith(id + ":", StringComparison.Ordinal) ? message
            : $"{id}: {message}";
        string? shown = subject is null ? null : AddressText.Of(subject);
        if (shown is not null && !Names(SafeText.Escape(text), SafeText.Escape(shown)))
            text = $"{text.TrimEnd('.')}: {shown}";
        WriteMessage(text);
    }

    /// <summary>Whether a message already contains its subject as a whole, not as part of another word.</summary>
    private static bool Names(string message, string subject)
    {
        for (int at = message.IndexOf(subject, StringComparison.Ordinal); at >= 0; at = message.IndexOf(subject, at + 1, StringComparison.Ordinal))
        {
            int end = at + subject.Length;
            if ((at == 0 || !char.IsLetterOrDigit(message[at - 1])) && (end == message.Length || !char.IsLetterOrDigit(message[end])))
                return true;
        }

        return false;
    }

    /// <summary>Writes an unexpected error.</summary>
    public void WriteUnexpected(Exception error)
    {
        WriteMessage($"{nameof(TorrentErrorId.Unexpected)}: {error.Message} ({error.GetType().Name}; set TORRENTPS_DEBUG=1 to see where)");
        WriteTrace(error);
    }

    /// <summary>Writes a stack trace, if requested.</summary>
    public void WriteTrace(Exception error)
    {
        if (!IsDebug)
            return;
        foreach (string line in error.ToString().Split('\n'))
            WriteToError(line.TrimEnd('\r'));
    }

    /// <summary>Restores the cursor in case a progress display could not.</summary>
    public void ShowCursor()
    {
        try
        {
            if (IsErrorTerminal)
                Error.Write("\e[?25h");
        }
        catch (IOException)
        {
            // The terminal is gone.
        }
    }
}
