namespace TorrentPS.Engine.Net;

/// <summary>
/// Chooses what to evict when all places are taken: an entry of the client that holds most of them, if that is more than the newcomer's; of several, the oldest. So a
/// client that fills all places evicts its own entries, and keeps out no other client. Candidates are offered one by one: all entries, or a sample.
/// </summary>
/// <typeparam name="T">The type of the entries.</typeparam>
/// <param name="held">The number of places that the newcomer's client holds.</param>
internal struct EvictionChoice<T>(int held)
{
    private int _most = held;
    private long _since;

    /// <summary>Whether there is an entry to evict.</summary>
    public bool IsFound { get; private set; }

    /// <summary>The entry to evict.</summary>
    public T? Found { get; private set; }

    /// <summary>Considers a candidate.</summary>
    /// <param name="candidate">The entry.</param>
    /// <param name="held">The number of places that its client holds.</param>
    /// <param name="since">When it got its place, by any clock.</param>
    public void Offer(T candidate, int held, long since)
    {
        if (held < _most || (held == _most && !(IsFound && since < _since)))
            return;
        (Found, IsFound, _most, _since) = (candidate, true, held, since);
    }
}
