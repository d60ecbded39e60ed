using System.Diagnostics;
using System.Management.Automation;
using System.Management.Automation.Host;
using TorrentPS.Engine.Display;
using TorrentPS.Formatting;

namespace TorrentPS.Pipeline;

/// <summary>Shows the progress of hashing: percent, rate, time left.</summary>
internal sealed class HashingProgress
{
    // Console hosts draw at most five a second.
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);

    // A unique source, because records of other sources may use the same ids.
    private static long s_lastSource = 2L * int.MaxValue;

    private readonly long _source = Interlocked.Increment(ref s_lastSource);
    private readonly Latest<State> _latest = new(s_interval, TimeProvider.System);
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly string _activity;
    private readonly PipelinePump _pump;
    private readonly ICommandRuntime _runtime;
    private readonly PSHost _host;
    private ProgressRecord? _record;

    public HashingProgress(string activity, PipelinePump pump, ICommandRuntime runtime, PSHost host)
    {
        _activity = activity;
        _pump = pump;
        _runtime = runtime;
        _host = host;
    }

    /// <summary>Reports the progress; from any thread.</summary>
    public void Report(long done, long total)
    {
        if (_latest.Put(new State(done, total)))
            _pump.Post(Write);
    }

    /// <summary>Removes the record; on the pipeline thread, and also when the pipeline is stopping.</summary>
    public void Complete()
    {
        if (_record is null)
            return;
        ProgressRecord last = _record;
        _record = null;
        last.RecordType = ProgressRecordType.Completed;
        try
        {
            _runtime.WriteProgress(_source, last);
        }
        catch (PipelineStoppedException)
        {
            // A stopping pipeline accepts no more records, but the bar must be removed: the host itself still accepts it.
            _host.UI.WriteProgress(_source, last);
        }
    }

    private void Write()
    {
        if (_latest.Take() is not { } state)
            return;
        (string status, int percent, int secondsLeft) = Describe(state.Done, state.Total, Stopwatch.GetElapsedTime(_start));
        _record = ProgressText.Record(1, _activity, status, percent, secondsLeft);
        _runtime.WriteProgress(_source, _record);
    }

    /// <summary>The text for an amount of bytes after a time. Seconds are -1 if unknown.</summary>
    internal static (string Status, int Percent, int SecondsLeft) Describe(long done, long total, TimeSpan elapsed)
    {
        double rate = elapsed > TimeSpan.Zero ? done / elapsed.TotalSeconds : 0;
        int secondsLeft = rate > 0 ? (int)Math.Min(int.MaxValue, Math.Ceiling((total - done) / rate)) : -1;
        string left = secondsLeft <= 0 ? string.Empty : $", {DurationText.Left(TimeSpan.FromSeconds(secondsLeft))} left";
        int percent = total == 0 ? 100 : (int)Math.Clamp(100.0 * done / total, 0, 100);
        return ($"{Units.Size(done)} of {Units.Size(total)}, {Units.Rate((long)rate)}{left}", percent, secondsLeft);
    }

    private sealed record State(long Done, long Total);
}
