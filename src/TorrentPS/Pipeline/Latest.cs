namespace TorrentPS.Pipeline;

/// <summary>
/// Holds the newest of the values that one side reports until the other takes it, so that a slow writer skips values in place of falling
/// behind, and gives out no more than one value an interval.
/// </summary>
internal sealed class Latest<T>(TimeSpan interval, TimeProvider time)
    where T : class
{
    private T? _value;
    private long _lastTaken;
    private bool _anyTaken;

    /// <summary>Keeps a value; true when the taker has to be told of it. From any thread.</summary>
    public bool Put(T value) => Interlocked.Exchange(ref _value, value) is null;

    /// <summary>Takes the newest value, or null when there is none or the last was taken less than the interval ago.</summary>
    public T? Take()
    {
        T? value = Interlocked.Exchange(ref _value, null);
        if (value is null || (_anyTaken && time.GetElapsedTime(_lastTaken) < interval))
            return null;
        _lastTaken = time.GetTimestamp();
        _anyTaken = true;
        return value;
    }
}
