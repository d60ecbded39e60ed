using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Peers;

namespace TorrentPS.Engine.Swarm;

/// <summary>
/// Pieces that peers may have found wrong, until they are verified. Addresses (IPv6: networks) take turns, so that one that complains without end delays no other; when
/// too many pieces wait, those of the address with most are dropped.
/// </summary>
internal sealed class Complaints
{
    /// <summary>The maximum number of waiting pieces.</summary>
    public const int Most = 256;

    /// <summary>The maximum number of waiting pieces of one address: as many as are remembered for a peer.</summary>
    public const int MostOfOne = ServedPieces.Capacity;

    private readonly List<(IPAddress Subscriber, List<int> Pieces)> _turns = []; // the next first
    private int _count;

    /// <summary>Adds a piece, unless the address has too many waiting.</summary>
    public void Add(int piece, IPAddress from)
    {
        IPAddress subscriber = AddressRules.SubscriberOf(from);
        int turn = _turns.FindIndex(one => one.Subscriber.Equals(subscriber));
        List<int> pieces = turn < 0 ? [] : _turns[turn].Pieces;
        if (pieces.Count == MostOfOne || pieces.Contains(piece) || (_count == Most && !TryMakeRoom(pieces.Count)))
            return;
        if (turn < 0)
            _turns.Add((subscriber, pieces));
        pieces.Add(piece);
        _count++;
    }

    /// <summary>Takes the oldest piece of the address whose turn it is, and removes it for all other addresses.</summary>
    public bool TryTake(out int piece)
    {
        piece = -1;
        if (_turns.Count == 0)
            return false;
        (IPAddress subscriber, List<int> pieces) = _turns[0];
        piece = pieces[0];
        _turns.RemoveAt(0);
        _turns.Add((subscriber, pieces));
        foreach ((_, List<int> others) in _turns)
            _count -= others.Remove(piece) ? 1 : 0;
        _turns.RemoveAll(one => one.Pieces.Count == 0);
        return true;
    }

    private bool TryMakeRoom(int held)
    {
        EvictionChoice<List<int>> choice = new(held);
        foreach ((_, List<int> pieces) in _turns)
            choice.Offer(pieces, pieces.Count, since: 0);
        if (!choice.IsFound)
            return false;
        choice.Found!.RemoveAt(choice.Found.Count - 1);
        _count--;
        _turns.RemoveAll(one => one.Pieces.Count == 0);
        return true;
    }
}
