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
    public void Reads_tokens_with_their_places_and_depths()
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
    public void Lets_unordered_and_duplicate_keys_through()
    {
        var reader = new BencodeReader("d1:bi1e1:ai2e1:ai3ee"u8);
        int keys = 0;
        while (reader.Read())
            keys += reader.TokenType == BencodeTokenType.Key ? 1 : 0;
        Assert.Equal(3, keys);
    }

    [Fact]
    public void Skips_what_a_key_leads_to_and_ends_at_its_end()
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
    public void Skips_the_list_it_stands_on_and_nothing_at_a_value()
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
    public void Refuses_what_is_malformed_at_its_byte(string data, long offset)
    {
        BencodeException? exception = Fault(Latin1(data));
        Assert.NotNull(exception);
        Assert.Equal(offset, exception.ByteOffset);
        Assert.Equal(TorrentErrorId.InvalidBencode, exception.ErrorId);
        Assert.EndsWith($" (byte {offset})", exception.Message, StringComparison.Ordinal);
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
    public void Knows_lists_from_dictionaries_at_every_depth()
    {
        // Alternating, 128 deep: dictionaries need keys and lists refuse nothing, so one wrong bit is an error.
        var data = new StringBuilder();
        for (int level = 0; level < 64; level++)
            data.Append("d0:l");
        for (int level = 0; level < 64; level++)
            data.Append("i1eee");
        Assert.Null(Fault(Latin1(data.ToString()), new BencodeReaderOptions { MaxDepth = 128 }));
    }

    [Fact]
    public void Keeps_to_the_other_limits()
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
    public void Any_bytes_end_in_tokens_or_in_its_own_exception(byte[] data)
    {
        if (Fault(data) is { } fault)
            Assert.InRange(fault.ByteOffset, 0, data.Length);
    }

    [Property(MaxTest = 5000)]
    public void Any_bytes_that_look_bencoded_end_in_tokens_or_in_its_own_exception(byte[] data)
    {
        // Random bytes are refused at the first; these letters alone go deep.
        byte[] letters = [.. data.Select(value => "ilde0123456789:-e"u8[value % 17])];
        BencodeException? fault = Fault(letters);
        if (fault is not null)
            Assert.InRange(fault.ByteOffset, 0, letters.Length);
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
