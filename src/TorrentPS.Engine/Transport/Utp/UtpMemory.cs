namespace TorrentPS.Engine.Transport.Utp;

/// <summary>
/// The received and unread bytes of all connections. Packets out of order may use half of it, so that connections that send nothing else leave room for data in order;
/// and whatever other connections hold, each has a small reserve. Beyond that, a connection gets at most a part of the free memory, so that many together leave some for
/// the next. Thread-safe.
/// </summary>
/// <param name="limit">The maximum number of bytes of all connections, except their reserves.</param>
internal sealed class UtpMemory(long limit)
{
    /// <summary>The reserve of each connection for data in order, in bytes.</summary>
    public const int Own = 32 << 10;

    /// <summary>The reserve of each connection for packets out of order, in bytes.</summary>
    public const int OwnEarly = 16 << 10;

    private const int Part = 4; // one part of the free memory for each

    private readonly long _earlyLimit = limit / 2;
    private long _taken;
    private long _early;

    /// <summary>The number of bytes held, including packets out of order.</summary>
    public long Taken => Volatile.Read(ref _taken);

    /// <summary>The number of bytes held by packets out of order.</summary>
    public long Early => Volatile.Read(ref _early);

    /// <summary>Whether half of the memory for packets out of order is used: those that have waited long must be dropped.</summary>
    public bool IsShort => Early > _earlyLimit / 2;

    /// <summary>How many more bytes of data in order a connection may hold.</summary>
    public int RoomFor(int held) => (int)Math.Max(0, Math.Max(Own, (limit - Taken) / Part) - held);

    /// <summary>Reserves memory for data in order.</summary>
    /// <param name="bytes">The number of bytes.</param>
    /// <param name="held">The number that the connection already holds.</param>
    public bool TryTake(int bytes, int held)
    {
        if (bytes > RoomFor(held))
            return false;
        Interlocked.Add(ref _taken, bytes);
        return true;
    }

    /// <summary>Reserves memory for packets out of order.</summary>
    /// <param name="bytes">The number of bytes.</param>
    /// <param name="held">The number that the connection already holds for such packets.</param>
    public bool TryTakeEarly(int bytes, int held)
    {
        if (held + bytes > Math.Max(OwnEarly, Math.Min(_earlyLimit - Early, limit - Taken) / Part))
            return false;
        Interlocked.Add(ref _early, bytes);
        Interlocked.Add(ref _taken, bytes);
        return true;
    }

    /// <summary>Packets out of order are in order now.</summary>
    /// <param name="early">The bytes reserved for them.</param>
    /// <param name="bytes">The bytes of their data.</param>
    public void PutInOrder(int early, int bytes)
    {
        GiveBackEarly(early);
        Interlocked.Add(ref _taken, bytes);
    }

    /// <summary>Releases memory of data in order.</summary>
    public void GiveBack(int bytes) => Interlocked.Add(ref _taken, -bytes);

    /// <summary>Releases memory of packets out of order.</summary>
    public void GiveBackEarly(int bytes)
    {
        Interlocked.Add(ref _early, -bytes);
        Interlocked.Add(ref _taken, -bytes);
    }
}
