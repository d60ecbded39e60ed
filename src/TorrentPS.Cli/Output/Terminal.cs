using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Cli.Output;

/// <summary>
/// Where output goes: results to standard output, messages and progress to standard error. The console is touched when something is
/// written, not before, since that costs time at the start.
/// </summary>
internal class Terminal
{
    private readonly Lock _lock = new();

    public virtual TextWriter Out => Console.Out;

    public virtual TextWriter Error => Console.Error;

    public virtual bool IsOutTerminal => !Console.IsOutputRedirected && !IsDumb;

    public virtual bool IsErrorTerminal => !Console.IsErrorRedirected && !IsDumb;

    /// <summary>Whether stack traces and the engine's log are wanted.</summary>
    public virtual bool IsDebug => Environment.GetEnvironmentVariable("TORRENTPS_DEBUG") is "1";

    private static bool IsDumb => Environment.GetEnvironmentVariable("TERM") is "dumb";

    /// <summary>Writes a line of result; from any thread. It is one line, and steers no terminal, whatever is in it.</summary>
    public void WriteLine(string line)
    {
        lock (_lock)
            Out.WriteLine(SafeText.Escape(line));
    }

    /// <summary>Writes lines of one result, with none of another between them.</summary>
    public void WriteLines(IEnumerable<string> lines)
    {
        lock (_lock)
        {
            foreach (string line in lines)
                Out.WriteLine(SafeText.Escape(line));
        }
    }

    /// <summary>Writes a line of message; from any thread.</summary>
    public void WriteMessage(string line) => WriteToError($"torrentps: {line}");

    /// <summary>
    /// Writes a line to standard error. Where that fails (a disk is full, a reader is gone) the line is lost, and nothing else: the exit code still tells. What
    /// cannot be written to standard output is an error.
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

    /// <summary>Writes an error as one line: what it is, what the engine says, and what it is about.</summary>
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

    /// <summary>Whether a message says already what it is about: by the whole of it, and not by a part of another word.</summary>
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

    /// <summary>Writes where an error came from, when that is wanted.</summary>
    public void WriteTrace(Exception error)
    {
        if (!IsDebug)
            return;
        foreach (string line in error.ToString().Split('\n'))
            WriteToError(line.TrimEnd('\r'));
    }

    /// <summary>Undoes what a progress display may have done when the process ends without it.</summary>
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
