using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// The queued pieces by the number of peers that have them: one bit set per count. A piece changes its set in constant time, and the pieces of a peer in a set are found
/// a word at a time, so that neither a peer with few pieces nor one that leaves costs work for each piece. Peers that have everything are not counted: they do not change
/// the order.
/// </summary>
internal sealed class PieceOrder
{
    /// <summary>The number of random tries before a set is searched: usually one of the first succeeds.</summary>
    private const int Tries = 16;

    private readonly List<Rank?> _ranks = []; // by count; null if no queued piece has this count
    private readonly Stack<Rank> _spare = new();
    private readonly int[] _counts;
    private readonly Bitfield _queued;
    private readonly Random _random;
    private int _zero; // the value in _counts for a piece that no counted peer has: changing it counts all pieces up or down
    private int _firstWord; // no piece before this word is queued
    private readonly Bitfield? _urgent;
    private int _urgentLeft; // the number of these that are queued

    /// <param name="pieceCount">The number of pieces.</param>
    /// <param name="random">Selects among equally rare pieces.</param>
    /// <param name="urgent">The pieces that <see cref="Next"/> returns first; null for none.</param>
    public PieceOrder(int pieceCount, Random? random = null, Bitfield? urgent = null)
    {
        _urgent = urgent;
        _counts = new int[pieceCount];
        _queued = new Bitfield(pieceCount);
        _random = random ?? new Random();
    }

    /// <summary>Creates the order of a torrent with connected peers.</summary>
    public static PieceOrder Of(IReadOnlyList<PeerState> sources, int pieceCount, Random? random, Bitfield? urgent)
    {
        PieceOrder order = new(pieceCount, random, urgent);
        foreach (PeerState source in sources)
        {
            if (!source.Pieces.IsFull)
                order.Add(source.Pieces);
        }

        return order;
    }

    /// <summary>The number of queued pieces.</summary>
    public int QueuedCount => _queued.Count;

    /// <summary>Increases with each queued piece: while it is unchanged, a search that failed would fail again.</summary>
    public long Version { get; private set; } = 1;

    public bool IsQueued(int piece) => _queued[piece];

    /// <summary>The number of peers that have a piece, not counting those that have everything.</summary>
    public int Availability(int piece) => _counts[piece] - _zero;

    /// <summary>Whether any queued piece is counted for a peer.</summary>
    public bool IsAnyAvailable
    {
        get
        {
            for (int count = 1; count < _ranks.Count; count++)
            {
                if (_ranks[count] is { Count: > 0 })
                    return true;
            }

            return false;
        }
    }

    public void Enqueue(int piece)
    {
        if (!_queued.Add(piece))
            return;
        Insert(piece);
        _firstWord = Math.Min(_firstWord, piece >> 6);
        _urgentLeft += IsUrgent(piece) ? 1 : 0;
        Version++;
    }

    public void Dequeue(int piece)
    {
        if (!_queued.Remove(piece))
            return;
        Extract(piece);
        _urgentLeft -= IsUrgent(piece) ? 1 : 0;
    }

    public bool IsUrgent(int piece) => _urgent?[piece] == true;

    public void Increment(int piece) => Change(piece, 1);

    public void Decrement(int piece) => Change(piece, -1);

    /// <summary>Counts the pieces of a peer. If it lacks fewer than it has, the missing ones are counted instead.</summary>
    public void Add(Bitfield pieces)
    {
        if (pieces.Count <= pieces.Length / 2)
        {
            ChangeAll(pieces, 0, 1);
            return;
        }

        _zero--;
        if (_ranks.Count > 0)
            _ranks.Insert(0, null);
        ChangeAll(pieces, ulong.MaxValue, -1);
    }

    /// <summary>Reverts <see cref="Add"/>.</summary>
    public void Remove(Bitfield pieces)
    {
        if (pieces.Count <= pieces.Length / 2)
        {
            ChangeAll(pieces, 0, -1);
            return;
        }

        ChangeAll(pieces, ulong.MaxValue, 1); // now each piece has a count of at least one
        _zero++;
        if (_ranks.Count > 0)
        {
            Debug.Assert(_ranks[0] is null);
            _ranks.RemoveAt(0);
        }
    }

    /// <summary>The rarest queued piece that a peer has, at random among equally rare ones; -1 if there is none.</summary>
    public int Rarest(Bitfield has)
    {
        foreach (Rank? rank in CollectionsMarshal.AsSpan(_ranks))
        {
            if (rank is null)
                continue;
            int found = AnyOf(rank.Words, rank.Count, has);
            if (found >= 0)
                return found;
        }

        return -1;
    }

    /// <summary>A random queued piece that a peer has; -1 if there is none. For the first pieces, so that there is soon something to upload.</summary>
    public int Any(Bitfield has) => AnyOf(_queued.Words, _queued.Count, has);

    /// <summary>The next queued piece in sequence that a peer has: the first urgent one, or else the first; -1 if there is none.</summary>
    public int Next(Bitfield has)
    {
        ReadOnlySpan<ulong> queued = _queued.Words;
        for (int word = 0; _urgentLeft > 0 && word < queued.Length; word++)
        {
            ulong bits = queued[word] & _urgent!.Words[word] & has.Words[word];
            if (bits != 0)
                return Bitfield.FirstPiece(word, bits);
        }

        return First(has);
    }

    /// <summary>The first queued piece that a peer has; -1 if there is none.</summary>
    public int First(Bitfield has)
    {
        ReadOnlySpan<ulong> queued = _queued.Words;
        while (_firstWord < queued.Length && queued[_firstWord] == 0)
            _firstWord++;
        int word = FirstCommon(queued, has.Words, _firstWord);
        return word < 0 ? -1 : Bitfield.FirstPiece(word, queued[word] & has.Words[word]);
    }

    /// <summary>The first queued piece that a peer has from an index on, or else before it; -1 if there is none.</summary>
    public int FirstFrom(Bitfield has, int from)
    {
        for (int piece = from; piece < _counts.Length; piece++)
        {
            if ((piece & 63) == 0 && (_queued.Words[piece >> 6] & has.Words[piece >> 6]) == 0)
                piece += 63; // an empty word
            else if (_queued[piece] && has[piece])
                return piece;
        }

        return First(has);
    }

    /// <summary>
    /// A random piece in both sets; -1 if there is none. If they are many, all have the same probability; if they are few, it is the next one after a random index.
    /// </summary>
    private int AnyOf(ReadOnlySpan<ulong> pieces, int count, Bitfield has)
    {
        ReadOnlySpan<ulong> theirs = has.Words;
        for (int i = 0; i < Tries && count > has.Length / 64; i++)
        {
            int piece = _random.Next(has.Length);
            if ((pieces[piece >> 6] & theirs[piece >> 6] & Bitfield.Bit(piece)) != 0)
                return piece;
        }

        int start = _random.Next(pieces.Length);
        int word = FirstCommon(pieces, theirs, start);
        if (word < 0)
            word = FirstCommon(pieces[..start], theirs, 0);
        if (word < 0)
            return -1;
        ulong bits = pieces[word] & theirs[word];
        for (int skip = _random.Next(BitOperations.PopCount(bits)); skip > 0; skip--)
            bits &= bits - 1;
        return Bitfield.PieceAt(word, BitOperations.TrailingZeroCount(bits));
    }

    /// <summary>The first word from an index on in which two sets share a piece; -1 if there is none.</summary>
    private static int FirstCommon(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b, int start)
    {
        b = b[..a.Length];
        ref ulong first = ref MemoryMarshal.GetReference(a), second = ref MemoryMarshal.GetReference(b);
        int i = start;
        for (; i <= a.Length - 2 * Vector<ulong>.Count; i += 2 * Vector<ulong>.Count)
        {
            Vector<ulong> one = Vector.LoadUnsafe(ref first, (nuint)i) & Vector.LoadUnsafe(ref second, (nuint)i);
            Vector<ulong> two = Vector.LoadUnsafe(ref first, (nuint)(i + Vector<ulong>.Count)) & Vector.LoadUnsafe(ref second, (nuint)(i + Vector<ulong>.Count));
            if ((one | two) != Vector<ulong>.Zero)
                break;
        }

        for (; i < a.Length; i++)
        {
            if ((a[i] & b[i]) != 0)
                return i;
        }

        return -1;
    }

    /// <summary>Counts each piece in a set, or, with a mask of ones, each piece not in it, up or down.</summary>
    private void ChangeAll(Bitfield pieces, ulong mask, int by)
    {
        ReadOnlySpan<ulong> words = pieces.Words;
        for (int word = 0; word < words.Length; word++)
        {
            for (ulong rest = words[word] ^ mask; rest != 0; rest &= rest - 1)
            {
                int piece = Bitfield.PieceAt(word, BitOperations.TrailingZeroCount(rest));
                if (piece < _counts.Length) // the mask has ones beyond the end, too
                    Change(piece, by);
            }
        }
    }

    private void Change(int piece, int by)
    {
        bool isQueued = _queued[piece];
        if (isQueued)
            Extract(piece);
        _counts[piece] += by;
        if (isQueued)
            Insert(piece);
    }

    private void Insert(int piece)
    {
        int count = _counts[piece] - _zero;
        while (_ranks.Count <= count)
            _ranks.Add(null);
        Rank rank = _ranks[count] ??= _spare.TryPop(out Rank? spare) ? spare : new Rank(Bitfield.WordCount(_counts.Length));
        rank.Words[piece >> 6] |= Bitfield.Bit(piece);
        rank.Count++;
    }

    private void Extract(int piece)
    {
        int count = _counts[piece] - _zero;
        Rank rank = _ranks[count]!;
        rank.Words[piece >> 6] &= ~Bitfield.Bit(piece);
        if (--rank.Count > 0)
            return;
        _ranks[count] = null;
        _spare.Push(rank);
    }

    /// <summary>The queued pieces with the same count.</summary>
    private sealed class Rank(int words)
    {
        public readonly ulong[] Words = new ulong[words];

        public int Count;
    }
}
