using System.Runtime.InteropServices;
using TorrentPS.Cli.Output;

namespace TorrentPS.Cli;

/// <summary>
/// Ctrl+C, SIGTERM, and SIGHUP (the terminal is closed; a process that was started with <c>nohup</c> goes on): the first cancels, and whoever works winds down (announces <c>stopped</c>, saves resume data); the second ends the
/// process at once.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Terminal _terminal;

    public Interruption(Terminal terminal)
    {
        _terminal = terminal;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal),
        ];
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_source.IsCancellationRequested)
        {
            _terminal.ShowCursor();
            Environment.Exit((int)ExitCode.Interrupted);
        }

        // On the pool: what runs on cancellation must not hold up the next signal.
        ThreadPool.QueueUserWorkItem(static source => source.Cancel(), _source, preferLocal: false);
    }
}
