using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace TorrentPS.Engine.Bencoding;

/// <summary>
/// Reads bencoded data (BEP 3, section "bencoding") token by token, forward only and without allocating, like <see cref="System.Text.Json.Utf8JsonReader"/> for JSON. For
/// any input, a read returns a token, reaches the end, or throws a <see cref="BencodeException"/> with the byte offset.
/// </summary>
/// <remarks>
/// Strict about numbers, lengths and structure. Unsorted and duplicate keys are allowed: they occur in real torrents, and an info hash covers the bytes as they are.
/// </remarks>
public ref struct BencodeReader
{
    private readonly ReadOnlySpan<byte> _data;
    private readonly BencodeReaderOptions _options;
    private readonly int _maxDepth;
    private readonly int _maxStringLength;
    private int _tokensLeft;

    // One bit per level, the innermost lowest: set for a dictionary, clear for a list. No stack to overflow, no allocation. Not one UInt128, because methods that use it
    // are not compiled ahead of time.
    private ulong _innerLevels;
    private ulong _outerLevels;
    private bool _keyExpected;
    private bool _started;
    private bool _isBig;
    private long _integer;

    /// <summary>Creates a reader before the first token.</summary>
    /// <param name="data">The complete data.</param>
    /// <param name="options">The limits.</param>
    public BencodeReader(ReadOnlySpan<byte> data, BencodeReaderOptions options = default)
    {
        _data = data;
        _options = options;
        _maxDepth = options.MaxDepth;
        _maxStringLength = options.MaxStringLength;
        _tokensLeft = options.MaxTokens;
    }

    /// <summary>The type of the current token.</summary>
    public BencodeTokenType TokenType { get; private set; }

    /// <summary>The offset of the current token: the number of bytes before it.</summary>
    public int TokenStart { get; private set; }

    /// <summary>The number of bytes read: the end of the current token.</summary>
    public int Position { get; private set; }

    /// <summary>The number of open lists and dictionaries, including one that just began, excluding one that just ended.</summary>
    public int Depth { get; private set; }

    /// <summary>The bytes of the current string or key, or the digits of the integer; otherwise empty.</summary>
    public ReadOnlySpan<byte> ValueSpan { get; private set; }

    /// <summary>Reads the next token.</summary>
    /// <returns>False at the end of the root value.</returns>
    /// <exception cref="BencodeException">The data is not bencoded, or exceeds a limit.</exception>
    public bool Read()
    {
        if (_started && Depth == 0)
            return ReadEnd();
        if (!_started)
            Start();
        TokenStart = Position;
        if ((uint)Position >= (uint)_data.Length)
            Throw(Depth == 0 ? "There is no data" : "The data ends inside a list or dictionary", Position);
        if (--_tokensLeft < 0)
            Throw($"There are more than {_options.MaxTokens} tokens", Position);

        byte first = _data[Position];
        if ((uint)(first - '0') <= 9)
            ReadString();
        else if (first == 'e')
            ReadContainerEnd();
        else if (_keyExpected)
            Throw("A key is not a string", Position);
        else if (first == 'i')
            ReadInteger();
        else if (first is (byte)'d' or (byte)'l')
            ReadContainerStart(first == 'd');
        else
            Throw($"Byte 0x{first:x2} begins no value", Position);
        return true;
    }

    /// <summary>
    /// Skips the current token: after a key its value, at the beginning of a list or dictionary all of its content. Afterwards <see cref="Position"/> is at its end.
    /// </summary>
    /// <exception cref="BencodeException">The data is not bencoded, or exceeds a limit.</exception>
    public void Skip()
    {
        if (TokenType == BencodeTokenType.Key)
            Read();
        if (TokenType is not (BencodeTokenType.StartList or BencodeTokenType.StartDictionary))
            return;
        int outside = Depth - 1;
        while (Depth > outside)
            Read();
    }

    /// <summary>Whether the current token is this key.</summary>
    /// <param name="utf8">The bytes of the key.</param>
    public readonly bool ValueIsKey(ReadOnlySpan<byte> utf8) => TokenType == BencodeTokenType.Key && ValueSpan.SequenceEqual(utf8);

    /// <summary>The current integer.</summary>
    /// <exception cref="BencodeException">The current token is not an integer, or exceeds 64 bits.</exception>
    public readonly long GetInt64()
    {
        if (TokenType != BencodeTokenType.Integer)
            ThrowUnexpected("an integer");
        if (_isBig)
            Throw("An integer does not fit into 64 bits", TokenStart);
        return _integer;
    }

    /// <summary>The current integer, if it fits into 64 bits.</summary>
    /// <param name="value">The integer.</param>
    /// <returns>False if it does not fit, which is possible with <see cref="BencodeReaderOptions.AllowBigIntegers"/>.</returns>
    /// <exception cref="BencodeException">The current token is not an integer.</exception>
    public readonly bool TryGetInt64(out long value)
    {
        if (TokenType != BencodeTokenType.Integer)
            ThrowUnexpected("an integer");
        value = _integer;
        return !_isBig;
    }

    /// <summary>The current integer.</summary>
    /// <exception cref="BencodeException">The current token is not an integer, or exceeds 32 bits.</exception>
    public readonly int GetInt32()
    {
        long value = GetInt64();
        if (value is < int.MinValue or > int.MaxValue)
            Throw($"The integer {value} is out of range", TokenStart);
        return (int)value;
    }

    /// <summary>The bytes of the current string or key.</summary>
    /// <exception cref="BencodeException">The current token is not a string.</exception>
    public readonly ReadOnlySpan<byte> GetBytes()
    {
        if (TokenType is not (BencodeTokenType.String or BencodeTokenType.Key))
            ThrowUnexpected("a string");
        return ValueSpan;
    }

    /// <summary>The current string or key as text; invalid UTF-8 becomes U+FFFD.</summary>
    /// <exception cref="BencodeException">The current token is not a string.</exception>
    public readonly string GetString() => Encoding.UTF8.GetString(GetBytes());

    private void Start()
    {
        if (_data.Length > _options.MaxDataLength)
            Throw($"The data has {_data.Length} bytes, more than the {_options.MaxDataLength} allowed", _options.MaxDataLength);
        _started = true;
    }

    private bool ReadEnd()
    {
        if (Position < _data.Length && !_options.AllowTrailingData)
            Throw("There is more data after the end of the value", Position);
        TokenType = BencodeTokenType.None;
        TokenStart = Position;
        ValueSpan = default;
        return false;
    }

    private void ReadString()
    {
        int position = Position;
        if (_data[position] == '0' && position + 1 < _data.Length && char.IsAsciiDigit((char)_data[position + 1]))
            Throw("The length of a string begins with 0", position);
        long length = 0;
        for (; ; position++)
        {
            if (position >= _data.Length)
                Throw("The data ends inside the length of a string", position);
            uint digit = (uint)(_data[position] - '0');
            if (digit > 9)
                break;
            length = length * 10 + digit;
            if (length > int.MaxValue)
                Throw("The length of a string is out of range", TokenStart);
        }
        if (_data[position] != ':')
            Throw("The length of a string is not followed by ':'", position);
        position++;
        if (length > _data.Length - position)
            Throw($"A string of {length} bytes reaches beyond the end of the data", TokenStart);
        if (length > _maxStringLength)
            Throw($"A string has {length} bytes, more than the {_maxStringLength} allowed", TokenStart);

        ValueSpan = _data.Slice(position, (int)length);
        Position = position + (int)length;
        TokenType = _keyExpected ? BencodeTokenType.Key : BencodeTokenType.String;
        _keyExpected = !_keyExpected && InDictionary;
    }

    private void ReadInteger()
    {
        int position = Position + 1;
        bool negative = position < _data.Length && _data[position] == '-';
        if (negative)
            position++;
        int digits = position;
        ulong limit = negative ? 1UL << 63 : long.MaxValue;
        ulong value = 0;
        bool isBig = false;
        for (; ; position++)
        {
            if (position >= _data.Length)
                Throw("The data ends inside an integer", position);
            uint digit = (uint)(_data[position] - '0');
            if (digit > 9)
                break;
            isBig |= value > (limit - digit) / 10;
            if (isBig && !_options.AllowBigIntegers)
                Throw("An integer does not fit into 64 bits", TokenStart);
            value = isBig ? 0 : value * 10 + digit;
            if (_data[digits] == '0' && (negative || position > digits))
                Throw("The digits of an integer begin with 0", digits);
        }
        if (position == digits)
            Throw("An integer has no digits", position);
        if (_data[position] != 'e')
            Throw("An integer does not end with 'e'", position);

        ValueSpan = _data[(Position + 1)..position];
        _isBig = isBig;
        _integer = negative ? (long)(0 - value) : (long)value;
        Position = position + 1;
        TokenType = BencodeTokenType.Integer;
        _keyExpected = InDictionary;
    }

    private void ReadContainerStart(bool isDictionary)
    {
        if (Depth >= _maxDepth)
            Throw($"Lists and dictionaries lie more than {_maxDepth} deep in each other", Position);
        Depth++;
        _outerLevels = (_outerLevels << 1) | (_innerLevels >> 63);
        _innerLevels = (_innerLevels << 1) | (isDictionary ? 1UL : 0UL);
        _keyExpected = isDictionary;
        TokenType = isDictionary ? BencodeTokenType.StartDictionary : BencodeTokenType.StartList;
        ValueSpan = default;
        Position++;
    }

    private void ReadContainerEnd()
    {
        bool isDictionary = InDictionary;
        if (Depth == 0)
            Throw("An end comes where a value should begin", Position);
        if (isDictionary && !_keyExpected)
            Throw("A key has no value", Position);
        Depth--;
        _innerLevels = (_innerLevels >> 1) | (_outerLevels << 63);
        _outerLevels >>= 1;
        _keyExpected = InDictionary;
        TokenType = isDictionary ? BencodeTokenType.EndDictionary : BencodeTokenType.EndList;
        ValueSpan = default;
        Position++;
    }

    // Zeros are shifted in, so this is false at the root.
    private readonly bool InDictionary => (_innerLevels & 1) != 0;

    [DoesNotReturn]
    private readonly void ThrowUnexpected(string expected) => Throw($"Here should be {expected}, not {Describe(TokenType)}", TokenStart);

    private static string Describe(BencodeTokenType type) => type switch
    {
        BencodeTokenType.Integer => "an integer",
        BencodeTokenType.String => "a string",
        BencodeTokenType.Key => "a key",
        BencodeTokenType.StartList => "a list",
        BencodeTokenType.StartDictionary => "a dictionary",
        BencodeTokenType.None => "nothing",
        _ => "an end",
    };

    [DoesNotReturn]
    private static void Throw(string message, int offset) => throw new BencodeException(message, offset);
}
