namespace TorrentPS.Engine.Transport.Utp;

/// <summary>Bytes that have arrived and are not read yet, of all connections together, which are limited so that many peers together cannot take more than a few could. Safe for use from several threads.</summary>
internal sealed class UtpMemory(long limit)
{
    private long _taken;

    /// <summary>Bytes that are held.</summary>
    public long Taken => Volatile.Read(ref _taken);

    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= limit)
            return true;
        Interlocked.Add(ref _taken, -bytes);
        return false;
    }

    public void GiveBack(int bytes) => Interlocked.Add(ref _taken, -bytes);
}
