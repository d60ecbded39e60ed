namespace TorrentPS.Engine.Bencoding;

/// <summary>The limits of a <see cref="BencodeReader"/>; <c>default</c> has sane ones.</summary>
public readonly record struct BencodeReaderOptions
{
    /// <summary>The maximum value of <see cref="MaxDepth"/>.</summary>
    public const int GreatestDepth = 128;

    private const int DefaultDepth = 100;
    private const int DefaultTokens = 3_000_000;
    private const int DefaultDataLength = 64 << 20;

    /// <summary>The maximum nesting depth of lists and dictionaries, 1 to 128; the default is 100.</summary>
    public int MaxDepth
    {
        // Kept as the distance from the default, so that default(BencodeReaderOptions) means the defaults.
        get => field + DefaultDepth;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, GreatestDepth);
            field = value - DefaultDepth;
        }
    }

    /// <summary>The maximum number of tokens (beginnings, ends, keys and values); the default is 3,000,000.</summary>
    public int MaxTokens
    {
        get => field + DefaultTokens;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value - DefaultTokens;
        }
    }

    /// <summary>The maximum length of a string in bytes; the default is the length of the data.</summary>
    public int MaxStringLength
    {
        get => field + int.MaxValue;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value - int.MaxValue;
        }
    }

    /// <summary>The maximum length of the data in bytes; the default is 64 MiB.</summary>
    public int MaxDataLength
    {
        get => field + DefaultDataLength;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value - DefaultDataLength;
        }
    }

    /// <summary>Whether bytes may follow the root value, as in the metadata messages of BEP 9; the default is no.</summary>
    public bool AllowTrailingData { get; init; }

    /// <summary>
    /// Whether integers may exceed 64 bits; the default is no. The value of such an integer is available only as <see cref="BencodeReader.ValueSpan"/>.
    /// </summary>
    public bool AllowBigIntegers { get; init; }
}
