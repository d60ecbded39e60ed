using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Peers;

namespace TorrentPS.Engine.Swarm;

/// <summary>
/// Pieces that peers seem to have found wrong, until they are verified. Addresses (of IPv6 networks) take turns, so that one that complains without end delays no other;
/// where too many pieces wait, those of the address with most make way.
/// </summary>
internal sealed class Complaints
{
    /// <summary>Pieces that wait, of all.</summary>
    public const int Most = 256;

    /// <summary>Pieces that wait, of one address: as many as are remembered of a peer.</summary>
    public const int MostOfOne = ServedPieces.Capacity;

    private readonly List<(IPAddress Subscriber, List<int> Pieces)> _turns = []; // the next first
    private int _count;

    /// <summary>Notes a piece, unless the address has enough that wait.</summary>
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

    /// <summary>Takes the piece that has waited longest of the address whose turn it is. It no longer waits for any other.</summary>
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
