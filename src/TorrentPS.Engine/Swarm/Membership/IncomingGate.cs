using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>
/// Admits incoming connections. The number of those without a handshake is limited; at the limit, the address with most of them loses the one that has taken longest, so
/// that silent connections keep out no peer. And an address in the Internet gets only a limited number in a period. Thread-safe.
/// </summary>
internal sealed class IncomingGate(TimeProvider time)
{
    /// <summary>The maximum number of connections without a handshake.</summary>
    public const int MaxPending = 200;

    /// <summary>The maximum number of connections of one address in <see cref="Window"/>; in the local network, many peers may share an address.</summary>
    public const int MaxPerAddress = 30;

    /// <summary>How long a connection counts.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private const int MaxRemembered = 10_000;

    private readonly Lock _lock = new();
    private readonly LinkedList<PeerStream> _pending = new();
    private readonly Dictionary<IPAddress, int> _pendingCounts = [];
    private readonly Queue<(long At, IPAddress Subscriber)> _recent = new();
    private readonly Dictionary<IPAddress, int> _counts = [];

    /// <summary>Admits a connection; null if its address had too many.</summary>
    /// <returns>The argument for <see cref="Leave"/> when the handshake is over.</returns>
    public LinkedListNode<PeerStream>? Enter(PeerStream stream)
    {
        PeerStream? oldest = null;
        LinkedListNode<PeerStream> place;
        lock (_lock)
        {
            if (!Counts(stream.RemoteEndPoint.Address))
                return null;
            IPAddress subscriber = AddressRules.SubscriberOf(stream.RemoteEndPoint.Address);
            _pendingCounts[subscriber] = _pendingCounts.GetValueOrDefault(subscriber) + 1;
            place = _pending.AddLast(stream);
            if (_pending.Count > MaxPending)
            {
                LinkedListNode<PeerStream> leaving = OldestOfMost();
                oldest = leaving.Value;
                Remove(leaving);
            }
        }

        oldest?.Dispose();
        return place;
    }

    /// <summary>The handshake of a connection succeeded or failed.</summary>
    public void Leave(LinkedListNode<PeerStream> place)
    {
        lock (_lock)
        {
            if (place.List is not null)
                Remove(place);
        }
    }

    private LinkedListNode<PeerStream> OldestOfMost()
    {
        EvictionChoice<LinkedListNode<PeerStream>> choice = new(0);
        for (LinkedListNode<PeerStream>? place = _pending.First; place is not null; place = place.Next) // the oldest first
            choice.Offer(place, _pendingCounts[AddressRules.SubscriberOf(place.Value.RemoteEndPoint.Address)], since: 0);
        return choice.Found!;
    }

    private void Remove(LinkedListNode<PeerStream> place)
    {
        _pending.Remove(place);
        IPAddress subscriber = AddressRules.SubscriberOf(place.Value.RemoteEndPoint.Address);
        if (--_pendingCounts[subscriber] == 0)
            _pendingCounts.Remove(subscriber);
    }

    private bool Counts(IPAddress address)
    {
        if (AddressRules.ReachOf(address) != AddressReach.World)
            return true;
        long now = time.GetTimestamp();
        while (_recent.TryPeek(out (long At, IPAddress Subscriber) oldest) && (time.GetElapsedTime(oldest.At, now) >= Window || _recent.Count >= MaxRemembered))
        {
            _recent.Dequeue();
            if (--_counts[oldest.Subscriber] == 0)
                _counts.Remove(oldest.Subscriber);
        }

        IPAddress subscriber = AddressRules.SubscriberOf(address);
        int count = _counts.GetValueOrDefault(subscriber);
        if (count >= MaxPerAddress)
            return false;
        _counts[subscriber] = count + 1;
        _recent.Enqueue((now, subscriber));
        return true;
    }
}
