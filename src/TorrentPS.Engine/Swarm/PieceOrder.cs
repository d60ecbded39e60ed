using System.Security.Cryptography;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm;

/// <summary>
/// The queued pieces by how many peers have them: a list a count. Adding, removing and counting one up or down take constant time, because
/// a list's order means nothing and a piece's place in it is known. Peers that have everything are not counted: they change no order.
/// </summary>
internal sealed class PieceOrder
{
    private readonly List<List<int>> _byCount = [];
    private readonly int[] _count;
    private readonly int[] _place;
    private readonly Random _random;

    public PieceOrder(int pieceCount, Random? random = null)
    {
        _count = new int[pieceCount];
        _place = new int[pieceCount];
        Array.Fill(_place, -1);
        _random = random ?? new Random(RandomNumberGenerator.GetInt32(int.MaxValue));
    }

    /// <summary>How many pieces are queued.</summary>
    public int QueuedCount { get; private set; }

    public bool IsQueued(int piece) => _place[piece] >= 0;

    /// <summary>How many peers have a piece, those that have everything not counted.</summary>
    public int Availability(int piece) => _count[piece];

    public void Enqueue(int piece)
    {
        if (IsQueued(piece))
            return;
        Insert(piece);
        QueuedCount++;
    }

    public void Dequeue(int piece)
    {
        if (!IsQueued(piece))
            return;
        Extract(piece);
        QueuedCount--;
    }

    public void Increment(int piece) => Change(piece, 1);

    public void Decrement(int piece) => Change(piece, -1);

    /// <summary>A queued piece that a peer has, the rarest first and any of the equally rare; -1 when there is none.</summary>
    public int Rarest(Bitfield has)
    {
        foreach (List<int> pieces in _byCount)
        {
            int found = AnyOf(pieces, has);
            if (found >= 0)
                return found;
        }

        return -1;
    }

    /// <summary>Any queued piece that a peer has; -1 when there is none. For the first pieces, so that there is soon something to give.</summary>
    public int Any(Bitfield has)
    {
        int start = _byCount.Count == 0 ? 0 : _random.Next(_byCount.Count);
        for (int i = 0; i < _byCount.Count; i++)
        {
            int found = AnyOf(_byCount[(start + i) % _byCount.Count], has);
            if (found >= 0)
                return found;
        }

        return -1;
    }

    private int AnyOf(List<int> pieces, Bitfield has)
    {
        if (pieces.Count == 0)
            return -1;
        int start = _random.Next(pieces.Count);
        for (int i = start; i < pieces.Count; i++)
        {
            if (has[pieces[i]])
                return pieces[i];
        }

        for (int i = 0; i < start; i++)
        {
            if (has[pieces[i]])
                return pieces[i];
        }

        return -1;
    }

    private void Change(int piece, int by)
    {
        if (!IsQueued(piece))
        {
            _count[piece] += by;
            return;
        }

        Extract(piece);
        _count[piece] += by;
        Insert(piece);
    }

    private void Insert(int piece)
    {
        while (_byCount.Count <= _count[piece])
            _byCount.Add([]);
        List<int> pieces = _byCount[_count[piece]];
        _place[piece] = pieces.Count;
        pieces.Add(piece);
    }

    private void Extract(int piece)
    {
        List<int> pieces = _byCount[_count[piece]];
        int last = pieces[^1];
        pieces[_place[piece]] = last;
        _place[last] = _place[piece];
        pieces.RemoveAt(pieces.Count - 1);
        _place[piece] = -1;
    }
}
