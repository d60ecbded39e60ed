namespace TorrentPS.Engine.Transport.Utp;

/// <summary>
/// Bytes that have arrived and are not read yet, of all connections together. Packets that came too early have half of it at most, so that those who
/// send nothing else leave the rest to data in order; and whatever others hold, each connection has a little of its own. What is beyond that a connection
/// gets only up to a part of what is free: many together leave something to the next. Safe for use from several threads.
/// </summary>
/// <param name="limit">Bytes of all connections, but for what each has of its own.</param>
internal sealed class UtpMemory(long limit)
{
    /// <summary>Bytes in order that each connection may hold whatever the others do.</summary>
    public const int Own = 32 << 10;

    /// <summary>Bytes that came too early that each connection may hold whatever the others do.</summary>
    public const int OwnEarly = 16 << 10;

    private const int Part = 4; // of what is free, for each

    private readonly long _earlyLimit = limit / 2;
    private long _taken;
    private long _early;

    /// <summary>Bytes that are held, those that came too early included.</summary>
    public long Taken => Volatile.Read(ref _taken);

    /// <summary>Bytes that came too early.</summary>
    public long Early => Volatile.Read(ref _early);

    /// <summary>Whether half of what may be held for packets that came too early is taken: those that wait for long must go.</summary>
    public bool IsShort => Early > _earlyLimit / 2;

    /// <summary>How many bytes in order a connection may hold beside those it does.</summary>
    public int RoomFor(int held) => (int)Math.Max(0, Math.Max(Own, (limit - Taken) / Part) - held);

    /// <summary>Takes bytes in order for a connection.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="held">How many it holds.</param>
    public bool TryTake(int bytes, int held)
    {
        if (bytes > RoomFor(held))
            return false;
        Interlocked.Add(ref _taken, bytes);
        return true;
    }

    /// <summary>Takes bytes that came too early for a connection.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="held">How many of the kind it holds.</param>
    public bool TryTakeEarly(int bytes, int held)
    {
        if (held + bytes > Math.Max(OwnEarly, Math.Min(_earlyLimit - Early, limit - Taken) / Part))
            return false;
        Interlocked.Add(ref _early, bytes);
        Interlocked.Add(ref _taken, bytes);
        return true;
    }

    /// <summary>What came too early is in order now.</summary>
    /// <param name="early">The bytes that were taken for it.</param>
    /// <param name="bytes">The bytes that it has.</param>
    public void PutInOrder(int early, int bytes)
    {
        GiveBackEarly(early);
        Interlocked.Add(ref _taken, bytes);
    }

    /// <summary>Gives back bytes in order.</summary>
    public void GiveBack(int bytes) => Interlocked.Add(ref _taken, -bytes);

    /// <summary>Gives back bytes that came too early.</summary>
    public void GiveBackEarly(int bytes)
    {
        Interlocked.Add(ref _early, -bytes);
        Interlocked.Add(ref _taken, -bytes);
    }
}
