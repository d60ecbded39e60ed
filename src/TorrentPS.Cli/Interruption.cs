using System.Runtime.InteropServices;
using TorrentPS.Cli.Output;

namespace TorrentPS.Cli;

/// <summary>
/// Ctrl+C, SIGTERM, and SIGHUP (the terminal is closed; a process started with <c>nohup</c> continues): the first signal cancels, and the work winds down (announces
/// <c>stopped</c>, saves resume data); the second ends the process at once. On Windows, closing the console and shutting down the system have the same effect.
/// </summary>
internal sealed class Interruption : IDisposable
{
    // Windows ends the process when the handler of a closed console returns, and in any case after five seconds.
    private static readonly TimeSpan s_lastMoments = TimeSpan.FromSeconds(4.5);

    private readonly CancellationTokenSource _source = new();
    private readonly ManualResetEventSlim _ended = new();
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
        _ended.Set();
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }

    private void OnSignal(PosixSignalContext context) =>
        Handle(context, OperatingSystem.IsWindows() && context.Signal != PosixSignal.SIGINT ? s_lastMoments : TimeSpan.Zero);

    /// <param name="context">The signal.</param>
    /// <param name="wait">How long to wait for the work to end before this returns.</param>
    /// <returns>Whether the work has ended, if it was waited for.</returns>
    internal bool Handle(PosixSignalContext context, TimeSpan wait)
    {
        context.Cancel = true;
        if (_source.IsCancellationRequested)
        {
            _terminal.ShowCursor();
            Environment.Exit((int)ExitCode.Interrupted);
        }

        // On the pool: callbacks of the cancellation must not delay the next signal.
        ThreadPool.QueueUserWorkItem(static source => Cancel(source), _source, preferLocal: false);
        return wait > TimeSpan.Zero && _ended.Wait(wait);
    }

    private static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The work has ended meanwhile.
        }
    }
}
