using System.Runtime.InteropServices;

namespace TorrentPS.Cli.Tests;

public sealed class InterruptionTests
{
    [Fact]
    public async Task The_first_signal_cancels()
    {
        using var terminal = new RecordingTerminal();
        using var interruption = new Interruption(terminal);
        var canceled = new TaskCompletionSource();
        using CancellationTokenRegistration registration = interruption.Token.Register(canceled.SetResult);
        PosixSignalContext signal = new(PosixSignal.SIGTERM);
        interruption.Handle(signal, TimeSpan.Zero);
        await canceled.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.True(signal.Cancel);
    }

    // As Windows requires when the console is closed: the process ends as soon as the handler returns.
    [Fact]
    public async Task A_signal_that_ends_the_process_is_delayed_until_the_work_has_ended()
    {
        using var terminal = new RecordingTerminal();
        var interruption = new Interruption(terminal);
        CancellationToken stopped = interruption.Token;
        bool ended = false;
        Task work = Task.Run(() =>
        {
            stopped.WaitHandle.WaitOne();
            Volatile.Write(ref ended, true);
            interruption.Dispose();
        }, TestContext.Current.CancellationToken);
        bool waited = await Task.Run(() => interruption.Handle(new PosixSignalContext(PosixSignal.SIGHUP), TimeSpan.FromMinutes(5)), TestContext.Current.CancellationToken);
        Assert.True(waited);
        Assert.True(Volatile.Read(ref ended));
        await work;
    }

    [Fact]
    public void The_wait_has_an_end()
    {
        using var terminal = new RecordingTerminal();
        using var interruption = new Interruption(terminal);
        Assert.False(interruption.Handle(new PosixSignalContext(PosixSignal.SIGHUP), TimeSpan.FromTicks(1)));
    }
}
