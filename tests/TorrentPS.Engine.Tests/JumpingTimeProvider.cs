namespace TorrentPS.Engine.Tests;

/// <summary>A clock whose date and time are changed, as by people and time servers; timers and timestamps are unaffected.</summary>
internal sealed class JumpingTimeProvider(TimeProvider inner) : TimeProvider
{
    private long _offset;

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _offset));

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override long GetTimestamp() => inner.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => inner.CreateTimer(callback, state, dueTime, period);

    /// <summary>Sets the date and time.</summary>
    public void Jump(TimeSpan by) => Interlocked.Add(ref _offset, by.Ticks);
}
