using System.Numerics;

namespace TorrentPS.Engine.Net;

/// <summary>A set of addresses of one family as sorted ranges that neither touch nor overlap: two numbers per range, and a binary search per look-up.</summary>
internal sealed class AddressRanges<T>
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
{
    private readonly T[] _firsts;
    private readonly T[] _lasts;

    private AddressRanges(T[] firsts, T[] lasts) => (_firsts, _lasts) = (firsts, lasts);

    /// <summary>The number of ranges, after adjacent ones were merged.</summary>
    public int Count => _firsts.Length;

    /// <summary>Creates a set from ranges in any order. The input is overwritten.</summary>
    public static AddressRanges<T> Create(Span<T> firsts, Span<T> lasts)
    {
        firsts.Sort(lasts);
        int count = 0;
        for (int i = 0; i < firsts.Length; i++)
        {
            bool touches = count > 0 && (lasts[count - 1] == T.MaxValue || firsts[i] <= lasts[count - 1] + T.One);
            if (!touches)
                (firsts[count], lasts[count++]) = (firsts[i], lasts[i]);
            else if (lasts[i] > lasts[count - 1])
                lasts[count - 1] = lasts[i];
        }

        return new AddressRanges<T>(firsts[..count].ToArray(), lasts[..count].ToArray());
    }

    public bool Contains(T address)
    {
        int low = 0;
        int high = _firsts.Length;
        while (low < high)
        {
            int middle = (int)((uint)(low + high) >> 1);
            if (_firsts[middle] <= address)
                low = middle + 1;
            else
                high = middle;
        }

        return low > 0 && address <= _lasts[low - 1];
    }
}
