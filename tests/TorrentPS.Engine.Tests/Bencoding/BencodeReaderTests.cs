using System.Text;
using FsCheck.Xunit;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Tests.Bencoding;

public sealed class BencodeReaderTests
{
    [Theory]
    [InlineData("i0e", 0)]
    [InlineData("i42e", 42)]
    [InlineData("i-1e", -1)]
    [InlineData("i-10e", -10)]
    [InlineData("i9223372036854775807e", long.MaxValue)]
    [InlineData("i-9223372036854775808e", long.MinValue)]
    public void Reads_integers(string data, long expected)
    {
        var reader = new BencodeReader(Latin1(data));
        Assert.True(reader.Read());
        Assert.Equal(BencodeTokenType.Integer, reader.TokenType);
        Assert.Equal(expected, reader.GetInt64());
        Assert.Equal(data[1..^1], Encoding.ASCII.GetString(reader.ValueSpan));
        Assert.False(reader.Read());
        Assert.Equal(BencodeTokenType.None, reader.TokenType);
    }

    [Theory]
    [InlineData("0:", "")]
    [InlineData("4:spam", "spam")]
    [InlineData("10:0123456789", "0123456789")]
    [InlineData("2:\u00c3\u00a9", "é")]
    public void Reads_strings(string data, string expected)
    {
        var reader = new BencodeReader(Latin1(data));
        Assert.True(reader.Read());
        Assert.Equal(BencodeTokenType.String, reader.TokenType);
        Assert.Equal(expected, reader.GetString());
        Assert.Equal(data.Length, reader.Position);
        Assert.False(reader.Read());
    }

    [Fact]
    public void Reads_tokens_with_their_offsets_and_depths()
    {
        var reader = new BencodeReader("d3:cowl3:mooi7ed0:leee4:spam4:eggse"u8);
        var seen = new List<string>();
        while (reader.Read())
            seen.Add($"{reader.TokenType} {reader.TokenStart}-{reader.Position} {reader.Depth}");
        string[] expected =
        [
            "StartDictionary 0-1 1", "Key 1-6 1", "StartList 6-7 2", "String 7-12 2", "Integer 12-15 2", "StartDictionary 15-16 3",
            "Key 16-18 3", "StartList 18-19 4", "EndList 19-20 3", "EndDictionary 20-21 2", "EndList 21-22 1", "Key 22-28 1",
            "String 28-34 1", "EndDictionary 34-35 0",
        ];
        Assert.Equal(expected, seen);
    }

    [Fact]
    public void Allows_unsorted_and_duplicate_keys()
    {
        var reader = new BencodeReader("d1:bi1e1:ai2e1:ai3ee"u8);
        int keys = 0;
        while (reader.Read())
            keys += reader.TokenType == BencodeTokenType.Key ? 1 : 0;
        Assert.Equal(3, keys);
    }

    [Fact]
    public void Skips_the_value_of_a_key_to_its_end()
    {
        byte[] data = "d4:infod1:ali1ei2eee1:zi5ee"u8.ToArray();
        var reader = new BencodeReader(data);
        reader.Read();
        reader.Read();
        Assert.True(reader.ValueIsKey("info"u8));
        Assert.False(reader.ValueIsKey("inf"u8));
        int start = reader.Position;
        reader.Skip();
        Assert.Equal("d1:ali1ei2eee", Encoding.ASCII.GetString(data[start..reader.Position]));
        reader.Read();
        Assert.True(reader.ValueIsKey("z"u8));
        reader.Skip();
        Assert.Equal(5, reader.GetInt64());
        Assert.False(reader.ValueIsKey("z"u8));
    }

    [Fact]
    public void Skips_the_current_list_and_nothing_at_a_value()
    {
        var reader = new BencodeReader("ll1:aei3ee"u8);
        reader.Read();
        reader.Read();
        reader.Skip();
        Assert.Equal(6, reader.Position);
        reader.Read();
        reader.Skip();
        Assert.Equal(3, reader.GetInt64());
        reader.Read();
        Assert.Equal(BencodeTokenType.EndList, reader.TokenType);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("x", 0)]
    [InlineData("-", 0)]
    [InlineData("e", 0)]
    [InlineData("i", 1)]
    [InlineData("ie", 1)]
    [InlineData("i-e", 2)]
    [InlineData("i-0e", 2)]
    [InlineData("i-01e", 2)]
    [InlineData("i00e", 1)]
    [InlineData("i01e", 1)]
    [InlineData("i+1e", 1)]
    [InlineData("i 1e", 1)]
    [InlineData("i1", 2)]
    [InlineData("i1.5e", 2)]
    [InlineData("i1-e", 2)]
    [InlineData("i9223372036854775808e", 0)]
    [InlineData("i-9223372036854775809e", 0)]
    [InlineData("i99999999999999999999999999e", 0)]
    [InlineData("1", 1)]
    [InlineData("1:", 0)]
    [InlineData("5:spam", 0)]
    [InlineData("01:a", 0)]
    [InlineData("00:", 0)]
    [InlineData("1a", 1)]
    [InlineData("-1:a", 0)]
    [InlineData("2147483647:a", 0)]
    [InlineData("2147483648:a", 0)]
    [InlineData("18446744073709551617:a", 0)]
    [InlineData("l", 1)]
    [InlineData("li1e", 4)]
    [InlineData("d", 1)]
    [InlineData("di1ei2ee", 1)]
    [InlineData("dlee", 1)]
    [InlineData("d1:ae", 4)]
    [InlineData("d1:a", 4)]
    [InlineData("d1:ai1e", 7)]
    [InlineData("d1:ai1ei2ee", 7)]
    [InlineData("i1ei2e", 3)]
    [InlineData("le\n", 2)]
    [InlineData("l?e", 1)]
    public void Refuses_malformed_data_at_its_byte(string data, long offset)
    {
        BencodeException? exception = Fault(Latin1(data));
        Assert.NotNull(exception);
        Assert.Equal(offset, exception.ByteOffset);
        Assert.Equal(TorrentErrorId.InvalidBencode, exception.ErrorId);
        Assert.EndsWith($" (byte {offset})", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "There is no data")]
    [InlineData("li1e", "The data ends inside a list or dictionary")]
    [InlineData("l?e", "Byte 0x3f begins no value")]
    [InlineData("e", "An end comes where a value should begin")]
    [InlineData("di1ei2ee", "A key is not a string")]
    [InlineData("d1:ae", "A key has no value")]
    [InlineData("i1ei2e", "There is more data after the end of the value")]
    [InlineData("i1", "The data ends inside an integer")]
    [InlineData("ie", "An integer has no digits")]
    [InlineData("i1-e", "An integer does not end with 'e'")]
    [InlineData("i01e", "The digits of an integer begin with 0")]
    [InlineData("i-0e", "The digits of an integer begin with 0")]
    [InlineData("i9223372036854775808e", "An integer does not fit into 64 bits")]
    [InlineData("1", "The data ends inside the length of a string")]
    [InlineData("1a", "The length of a string is not followed by ':'")]
    [InlineData("01:a", "The length of a string begins with 0")]
    [InlineData("5:spam", "A string of 5 bytes reaches beyond the end of the data")]
    [InlineData("2147483647:a", "A string of 2147483647 bytes reaches beyond the end of the data")]
    [InlineData("2147483648:a", "The length of a string is out of range")]
    public void Explains_malformed_data(string data, string what) =>
        Assert.StartsWith($"{what} (byte ", Fault(Latin1(data))!.Message, StringComparison.Ordinal);

    [Fact]
    public void Reports_the_exceeded_limit_and_its_value()
    {
        Assert.Contains("more than 3 deep", Fault("lllleeee"u8.ToArray(), new BencodeReaderOptions { MaxDepth = 3 })!.Message);
        Assert.Contains("more than 3 tokens", Fault("l1:a1:be"u8.ToArray(), new BencodeReaderOptions { MaxTokens = 3 })!.Message);
        Assert.Contains("4 bytes, more than the 3 allowed", Fault("4:spam"u8.ToArray(), new BencodeReaderOptions { MaxStringLength = 3 })!.Message);
        Assert.Contains("data has 4 bytes, more than the 3 allowed", Fault("i10e"u8.ToArray(), new BencodeReaderOptions { MaxDataLength = 3 })!.Message);
    }

    [Theory]
    [InlineData("i1e", "Here should be a string, not an integer")]
    [InlineData("le", "Here should be a string, not a list")]
    [InlineData("de", "Here should be a string, not a dictionary")]
    [InlineData("1:a", "Here should be an integer, not a string")]
    public void Reports_the_expected_and_the_actual_type(string data, string what)
    {
        BencodeException e = Assert.Throws<BencodeException>(() =>
        {
            var reader = new BencodeReader(Latin1($"l{data}e"));
            reader.Read();
            reader.Read();
            if (reader.TokenType == BencodeTokenType.String)
                reader.GetInt64();
            reader.GetBytes();
        });
        Assert.Equal($"{what} (byte 1)", e.Message);
    }

    [Fact]
    public void Reports_when_it_is_at_a_key_an_end_or_nothing()
    {
        Assert.Contains("not a key", Assert.Throws<BencodeException>(() => After("d1:ai1ee", 2).GetInt64()).Message);
        Assert.Contains("should be an integer, not a key", Assert.Throws<BencodeException>(() => After("d1:ai1ee", 2).TryGetInt64(out _)).Message);
        Assert.Contains("not an end", Assert.Throws<BencodeException>(() => After("de", 2).GetInt64()).Message);
        Assert.Contains("not nothing", Assert.Throws<BencodeException>(() => After("de", 3).GetInt64()).Message);
        Assert.Contains("The integer -2147483649 is out of range", Assert.Throws<BencodeException>(() => After("i-2147483649e", 1).GetInt32()).Message);
        Assert.Equal(int.MaxValue, After("i2147483647e", 1).GetInt32());
        Assert.Equal("a", After("d1:ai1ee", 2).GetString());
    }

    [Fact]
    public void An_integer_over_64_bits_is_its_digits_where_it_is_allowed()
    {
        BencodeReaderOptions options = new() { AllowBigIntegers = true };
        var reader = new BencodeReader("li-9223372036854775809ei9223372036854775807ee"u8, options);
        reader.Read();
        reader.Read();
        Assert.False(reader.TryGetInt64(out _));
        Assert.Equal("-9223372036854775809", Encoding.ASCII.GetString(reader.ValueSpan));
        Assert.Contains("64 bits (byte 1)", Refusal(ref reader).Message);
        reader.Read();
        Assert.True(reader.TryGetInt64(out long value));
        Assert.Equal(long.MaxValue, value);
        Assert.Equal(2, Fault("i-0999999999999999999999e"u8.ToArray(), options)!.ByteOffset);
        Assert.Equal(1, Fault("i0999999999999999999999e"u8.ToArray(), options)!.ByteOffset);

        static BencodeException Refusal(ref BencodeReader reader)
        {
            try
            {
                reader.GetInt64();
            }
            catch (BencodeException e)
            {
                return e;
            }
            throw new InvalidOperationException("It was not refused.");
        }
    }

    [Fact]
    public void Only_strings_and_integers_have_a_value()
    {
        var reader = new BencodeReader("d1:ald1:bi1eee1:ci2ee"u8);
        while (reader.Read())
        {
            if (reader.TokenType is not (BencodeTokenType.Key or BencodeTokenType.Integer))
                Assert.True(reader.ValueSpan.IsEmpty);
        }
        Assert.True(reader.ValueSpan.IsEmpty);
        Assert.Equal((21, 21, 0), (reader.TokenStart, reader.Position, reader.Depth));
    }

    [Fact]
    public void Refuses_to_go_deeper_than_its_limit()
    {
        byte[] bomb = new byte[150 * 1024];
        bomb.AsSpan().Fill((byte)'l');
        Assert.Equal(100, Fault(bomb)!.ByteOffset);
        Assert.Equal(3, Fault(bomb, new BencodeReaderOptions { MaxDepth = 3 })!.ByteOffset);

        byte[] deepest = [.. Enumerable.Repeat((byte)'l', 128), .. Enumerable.Repeat((byte)'e', 128)];
        Assert.Null(Fault(deepest, new BencodeReaderOptions { MaxDepth = 128 }));
        Assert.Equal(127, Fault(deepest, new BencodeReaderOptions { MaxDepth = 127 })!.ByteOffset);
    }

    [Fact]
    public void Distinguishes_lists_and_dictionaries_at_every_depth()
    {
        // Alternating, 128 deep: dictionaries need keys and lists accept any value, so one wrong bit is an error.
        var data = new StringBuilder();
        for (int level = 0; level < 64; level++)
            data.Append("d0:l");
        for (int level = 0; level < 64; level++)
            data.Append("i1eee");
        Assert.Null(Fault(Latin1(data.ToString()), new BencodeReaderOptions { MaxDepth = 128 }));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(64)]
    [InlineData(65)]
    public void Ends_lists_as_lists_and_dictionaries_as_dictionaries(int period)
    {
        bool[] isDictionary = [.. Enumerable.Range(0, 128).Select(level => level % period == 0 || level / 64 == 1 && level % 2 == 0)];
        string data = string.Concat(isDictionary.Select(dictionary => dictionary ? "d0:" : "l")) + "i1e" + new string('e', 128);
        var reader = new BencodeReader(Latin1(data), new BencodeReaderOptions { MaxDepth = 128 });
        List<bool> ended = [];
        while (reader.Read())
        {
            if (reader.TokenType is BencodeTokenType.EndDictionary or BencodeTokenType.EndList)
                ended.Add(reader.TokenType == BencodeTokenType.EndDictionary);
        }
        Assert.Equal(isDictionary.Reverse(), ended);
    }

    [Fact]
    public void Keeps_the_other_limits()
    {
        Assert.Null(Fault("l1:a1:be"u8.ToArray(), new BencodeReaderOptions { MaxTokens = 4 }));
        Assert.Equal(7, Fault("l1:a1:be"u8.ToArray(), new BencodeReaderOptions { MaxTokens = 3 })!.ByteOffset);
        Assert.Null(Fault("l4:spame"u8.ToArray(), new BencodeReaderOptions { MaxStringLength = 4 }));
        Assert.Equal(1, Fault("l4:spame"u8.ToArray(), new BencodeReaderOptions { MaxStringLength = 3 })!.ByteOffset);
        Assert.Null(Fault("i10e"u8.ToArray(), new BencodeReaderOptions { MaxDataLength = 4 }));
        Assert.Equal(3, Fault("i10e"u8.ToArray(), new BencodeReaderOptions { MaxDataLength = 3 })!.ByteOffset);
        byte[] many = [(byte)'l', .. Enumerable.Repeat("le"u8.ToArray(), 1_500_000).SelectMany(item => item), (byte)'e'];
        Assert.Equal(3_000_000, Fault(many)!.ByteOffset);
    }

    [Fact]
    public void Default_options_are_the_written_defaults()
    {
        var options = new BencodeReaderOptions { MaxDepth = 100, MaxTokens = 3_000_000, MaxStringLength = int.MaxValue, MaxDataLength = 64 << 20 };
        Assert.Equal(default, options);
        Assert.Throws<ArgumentOutOfRangeException>(() => new BencodeReaderOptions { MaxDepth = 129 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new BencodeReaderOptions { MaxDepth = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new BencodeReaderOptions { MaxTokens = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new BencodeReaderOptions { MaxStringLength = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new BencodeReaderOptions { MaxDataLength = -1 });
        Assert.Equal((1, 1, 0, 0), (new BencodeReaderOptions { MaxDepth = 1 }.MaxDepth, new BencodeReaderOptions { MaxTokens = 1 }.MaxTokens, new BencodeReaderOptions { MaxStringLength = 0 }.MaxStringLength, new BencodeReaderOptions { MaxDataLength = 0 }.MaxDataLength));
    }

    [Fact]
    public void Stops_at_the_end_of_the_value_when_data_may_follow()
    {
        var reader = new BencodeReader("d8:msg_typei1eeDATA"u8, new BencodeReaderOptions { AllowTrailingData = true });
        reader.Read();
        reader.Skip();
        Assert.False(reader.Read());
        Assert.False(reader.Read());
        Assert.Equal(15, reader.Position);
    }

    [Fact]
    public void Refuses_a_value_of_another_type_than_asked_for()
    {
        Assert.Throws<BencodeException>(() => At("4:spam").GetInt64());
        Assert.Throws<BencodeException>(() => At("i1e").GetString());
        Assert.Throws<BencodeException>(() => At("le").GetBytes().Length);
        Assert.Throws<BencodeException>(() => At("i2147483648e").GetInt32());
        Assert.Equal(int.MinValue, At("i-2147483648e").GetInt32());
        Assert.Throws<BencodeException>(() => default(BencodeReader).GetInt64());

        static BencodeReader At(string data)
        {
            var reader = new BencodeReader(Latin1(data));
            reader.Read();
            return reader;
        }
    }

    [Fact]
    public void Allocates_nothing()
    {
        byte[] data = "d3:cowl3:mooi7ed0:leee4:spam4:eggse"u8.ToArray();
        Walk(data);
        long before = GC.GetAllocatedBytesForCurrentThread();
        int tokens = Walk(data);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(14, tokens);
    }

    [Property(MaxTest = 2000)]
    public void Any_bytes_give_tokens_or_its_own_exception(byte[] data)
    {
        if (Fault(data) is { } fault)
            Assert.InRange(fault.ByteOffset, 0, data.Length);
    }

    [Property(MaxTest = 5000)]
    public void Any_bytes_that_look_bencoded_give_tokens_or_its_own_exception(byte[] data)
    {
        // Random bytes are refused at the first; these letters alone nest deep.
        byte[] letters = [.. data.Select(value => "ilde0123456789:-e"u8[value % 17])];
        BencodeException? fault = Fault(letters);
        if (fault is not null)
            Assert.InRange(fault.ByteOffset, 0, letters.Length);
    }

    private static BencodeReader After(string data, int tokens)
    {
        var reader = new BencodeReader(Latin1(data));
        for (int i = 0; i < tokens; i++)
            reader.Read();
        return reader;
    }

    private static int Walk(byte[] data)
    {
        var reader = new BencodeReader(data);
        int tokens = 0;
        while (reader.Read())
            tokens++;
        return tokens;
    }

    private static BencodeException? Fault(byte[] data, BencodeReaderOptions options = default)
    {
        try
        {
            var reader = new BencodeReader(data, options);
            int position = 0;
            while (reader.Read())
            {
                Assert.True(reader.Position > position);
                Assert.Equal(position, reader.TokenStart);
                position = reader.Position;
            }
            Assert.Equal(data.Length, position);
            return null;
        }
        catch (BencodeException exception)
        {
            return exception;
        }
    }

    private static byte[] Latin1(string text) => Encoding.Latin1.GetBytes(text);
}
