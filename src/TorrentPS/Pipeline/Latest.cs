namespace TorrentPS.Pipeline;

/// <summary>
/// Holds the newest of the values that a producer reports until the consumer takes it, so that a slow consumer skips values instead of falling behind, and gets at most
/// one value per interval.
/// </summary>
internal sealed class Latest<T>(TimeSpan interval, TimeProvider time)
    where T : class
{
    private T? _value;
    private long _lastTaken;
    private bool _anyTaken;

    /// <summary>Stores a value; true if the consumer must be notified. From any thread.</summary>
    public bool Put(T value) => Interlocked.Exchange(ref _value, value) is null;

    /// <summary>Takes the newest value, or null if there is none or the last was taken less than the interval ago.</summary>
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
