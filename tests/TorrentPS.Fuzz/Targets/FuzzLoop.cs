using System.Collections.Concurrent;
using TorrentPS.Engine.Storage;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>A torrent's loop on the fuzzing thread: posted work waits until it is run.</summary>
internal sealed class FuzzLoop : SynchronizationContext, IDisposable
{
    private const int MaxTurns = 1_000_000;

    private readonly ConcurrentQueue<(SendOrPostCallback Callback, object? State)> _work = new();
    private readonly SynchronizationContext? _outer = Current;

    public override void Post(SendOrPostCallback d, object? state) => _work.Enqueue((d, state));

    public override SynchronizationContext CreateCopy() => this;

    public void Run(Action action)
    {
        SetSynchronizationContext(this);
        try
        {
            action();
        }
        finally
        {
            SetSynchronizationContext(_outer);
        }
    }

    /// <summary>Runs posted work until none is left and the disk is idle.</summary>
    public void Settle(DiskTally disk)
    {
        for (int turn = 0; turn < MaxTurns; turn++)
        {
            if (_work.TryDequeue(out (SendOrPostCallback Callback, object? State) work))
            {
                work.Callback(work.State);
                continue;
            }

            Task empty = disk.WhenEmptyAsync();
            if (empty.IsCompleted && _work.IsEmpty)
                return;
            empty.Wait(TimeSpan.FromSeconds(10));
        }

        throw new BrokenPromiseException("the loop is never done");
    }

    public void Dispose()
    {
        while (_work.TryDequeue(out _))
            continue;
    }
}
