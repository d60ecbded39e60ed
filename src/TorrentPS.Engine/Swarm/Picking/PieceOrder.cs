using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// The queued pieces by how many peers have them: a set of bits a count. A piece changes its set in constant time, and what a peer has of a set
/// is found many pieces at a time, so that neither a peer that has little nor one that leaves costs a look at each piece. Peers that have
/// everything are not counted: they change no order.
/// </summary>
internal sealed class PieceOrder
{
    /// <summary>Pieces tried by chance before a set is searched: most often one of the first is there.</summary>
    private const int Tries = 16;

    private readonly List<Rank?> _ranks = []; // by count; null where no queued piece stands
    private readonly Stack<Rank> _spare = new();
    private readonly int[] _counts;
    private readonly Bitfield _queued;
    private readonly Random _random;
    private int _zero; // what stands in _counts for a piece that no counted peer has: counting one up or down for all pieces is to move this
    private int _firstWord; // no piece before this word is queued
    private readonly Bitfield? _urgent;
    private int _urgentLeft; // of these, those that are queued

    /// <param name="pieceCount">How many pieces there are.</param>
    /// <param name="random">Chooses among the equally rare.</param>
    /// <param name="urgent">The pieces that <see cref="Next"/> names before others; null for none.</param>
    public PieceOrder(int pieceCount, Random? random = null, Bitfield? urgent = null)
    {
        _urgent = urgent;
        _counts = new int[pieceCount];
        _queued = new Bitfield(pieceCount);
        _random = random ?? new Random();
    }

    /// <summary>How many pieces are queued.</summary>
    public int QueuedCount => _queued.Count;

    /// <summary>Grows with each piece that is queued: while it stays, what was searched for in vain is still not there.</summary>
    public long Version { get; private set; } = 1;

    public bool IsQueued(int piece) => _queued[piece];

    /// <summary>How many peers have a piece, those that have everything not counted.</summary>
    public int Availability(int piece) => _counts[piece] - _zero;

    /// <summary>Whether a queued piece is counted for a peer.</summary>
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

    /// <summary>Counts all that a peer has. What it has not is counted instead where that is less.</summary>
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

    /// <summary>Undoes <see cref="Add"/>.</summary>
    public void Remove(Bitfield pieces)
    {
        if (pieces.Count <= pieces.Length / 2)
        {
            ChangeAll(pieces, 0, -1);
            return;
        }

        ChangeAll(pieces, ulong.MaxValue, 1); // now each piece is counted once at least
        _zero++;
        if (_ranks.Count > 0)
        {
            Debug.Assert(_ranks[0] is null);
            _ranks.RemoveAt(0);
        }
    }

    /// <summary>A queued piece that a peer has, the rarest first and any of the equally rare; -1 when there is none.</summary>
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

    /// <summary>Any queued piece that a peer has; -1 when there is none. For the first pieces, so that there is soon something to give.</summary>
    public int Any(Bitfield has) => AnyOf(_queued.Words, _queued.Count, has);

    /// <summary>The queued piece that is next in sequence of those that a peer has: the first urgent one, else the first; -1 when there is none.</summary>
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

    /// <summary>The first queued piece that a peer has; -1 when there is none.</summary>
    public int First(Bitfield has)
    {
        ReadOnlySpan<ulong> queued = _queued.Words;
        while (_firstWord < queued.Length && queued[_firstWord] == 0)
            _firstWord++;
        int word = FirstCommon(queued, has.Words, _firstWord);
        return word < 0 ? -1 : Bitfield.FirstPiece(word, queued[word] & has.Words[word]);
    }

    /// <summary>The first queued piece that a peer has at a place or behind it, and when there is none, before it; -1 when there is none at all.</summary>
    public int FirstFrom(Bitfield has, int from)
    {
        for (int piece = from; piece < _counts.Length; piece++)
        {
            if ((piece & 63) == 0 && (_queued.Words[piece >> 6] & has.Words[piece >> 6]) == 0)
                piece += 63; // none of these
            else if (_queued[piece] && has[piece])
                return piece;
        }

        return First(has);
    }

    /// <summary>
    /// One of the pieces in both sets; -1 when there is none. While they are many, each is as likely as the others; of a few far between it is
    /// the next ones after a place taken by chance.
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

    /// <summary>The first word from a place on in which two sets have a piece in common; -1 when none.</summary>
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

    /// <summary>Counts up or down each piece in a set, or, with a mask of ones, each that is not.</summary>
    private void ChangeAll(Bitfield pieces, ulong mask, int by)
    {
        ReadOnlySpan<ulong> words = pieces.Words;
        for (int word = 0; word < words.Length; word++)
        {
            for (ulong rest = words[word] ^ mask; rest != 0; rest &= rest - 1)
            {
                int piece = Bitfield.PieceAt(word, BitOperations.TrailingZeroCount(rest));
                if (piece < _counts.Length) // the mask has ones behind the end too
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

    /// <summary>The queued pieces that equally many peers have.</summary>
    private sealed class Rank(int words)
    {
        public readonly ulong[] Words = new ulong[words];

        public int Count;
    }
}
