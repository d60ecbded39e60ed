namespace TorrentPS.Engine.Bencoding;

/// <summary>The limits that <see cref="BencodeReader"/> keeps to; <c>default</c> has sane ones.</summary>
public readonly record struct BencodeReaderOptions
{
    /// <summary>The greatest value that <see cref="MaxDepth"/> can have.</summary>
    public const int GreatestDepth = 128;

    private const int DefaultDepth = 100;
    private const int DefaultTokens = 3_000_000;
    private const int DefaultDataLength = 64 << 20;

    /// <summary>How many lists and dictionaries may lie in each other, 1 to 128; 100 unless set.</summary>
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

    /// <summary>How many tokens (beginnings, ends, keys and values) there may be; 3,000,000 unless set.</summary>
    public int MaxTokens
    {
        get => field + DefaultTokens;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value - DefaultTokens;
        }
    }

    /// <summary>How many bytes one string may have; as many as the data has unless set.</summary>
    public int MaxStringLength
    {
        get => field + int.MaxValue;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value - int.MaxValue;
        }
    }

    /// <summary>How many bytes of data there may be; 64 MiB unless set.</summary>
    public int MaxDataLength
    {
        get => field + DefaultDataLength;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value - DefaultDataLength;
        }
    }

    /// <summary>Whether bytes may follow the root value, as they do in the metadata messages of BEP 9; no unless set.</summary>
    public bool AllowTrailingData { get; init; }

    /// <summary>Whether integers may have more than 64 bits; no unless set. Of such an integer only <see cref="BencodeReader.ValueSpan"/> says what it is.</summary>
    public bool AllowBigIntegers { get; init; }
}
