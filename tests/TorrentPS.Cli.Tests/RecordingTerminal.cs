using TorrentPS.Cli.Output;

namespace TorrentPS.Cli.Tests;

/// <summary>A terminal that records its output.</summary>
internal sealed class RecordingTerminal : Terminal, IDisposable
{
    private readonly StringWriter _out = new() { NewLine = "\n" };
    private readonly StringWriter _error = new() { NewLine = "\n" };

    public override TextWriter Out => _out;

    public override TextWriter Error => _error;

    public override bool IsOutTerminal => OutIsTerminal;

    public override bool IsErrorTerminal => false;

    public override bool IsDebug => IsDebugging;

    public bool IsDebugging { get; init; }

    public bool OutIsTerminal { get; init; }

    public string OutText => _out.ToString();

    public string ErrorText => _error.ToString();

    public void Dispose()
    {
        _out.Dispose();
        _error.Dispose();
    }

    public static async Task<(int Code, string Out, string Error)> RunAsync(params string[] args)
    {
        using var terminal = new RecordingTerminal();
        int code = await CommandTree.RunAsync(args, terminal, TestContext.Current.CancellationToken);
        return (code, terminal.OutText, terminal.ErrorText);
    }
}
