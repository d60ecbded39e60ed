namespace TorrentPS.Engine.Net;

/// <summary>
/// Chooses what makes way when all places are taken: something of the client that holds most of them, and more than the newcomer does; of several, what has
/// been there longest. So a client that fills all places loses its own, and keeps out no other. Candidates are offered one by one: all of them, or a sample.
/// </summary>
/// <typeparam name="T">What takes a place.</typeparam>
/// <param name="held">How many places the newcomer's client holds.</param>
internal struct EvictionChoice<T>(int held)
{
    private int _most = held;
    private long _since;

    /// <summary>Whether anything makes way.</summary>
    public bool IsFound { get; private set; }

    /// <summary>What makes way.</summary>
    public T? Found { get; private set; }

    /// <summary>Takes a candidate into account.</summary>
    /// <param name="candidate">What takes a place.</param>
    /// <param name="held">How many places its client holds.</param>
    /// <param name="since">Since when it has the place, by any clock.</param>
    public void Offer(T candidate, int held, long since)
    {
        if (held < _most || (held == _most && !(IsFound && since < _since)))
            return;
        (Found, IsFound, _most, _since) = (candidate, true, held, since);
    }
}
