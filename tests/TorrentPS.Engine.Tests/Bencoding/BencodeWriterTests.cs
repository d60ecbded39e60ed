using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text;
using FsCheck.Xunit;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Tests.Bencoding;

public sealed class BencodeWriterTests
{
    [Fact]
    public void Writes_every_kind_of_value()
    {
        string written = Write(writer =>
        {
            writer.WriteStartDictionary();
            writer.WriteKey("a"u8);
            writer.WriteInteger(-42);
            writer.WriteString("b");
            writer.WriteString("é");
            writer.WriteString("c"u8);
            writer.WriteStartList();
            writer.WriteInteger(long.MinValue);
            writer.WriteInteger(0);
            writer.WriteStartDictionary();
            writer.WriteEndDictionary();
            writer.WriteEndList();
            writer.WriteKey("d"u8);
            writer.WriteRaw("le"u8);
            writer.WriteEndDictionary();
            Assert.True(writer.IsComplete);
            Assert.Equal(0, writer.Depth);
        });
        Assert.Equal("d1:ai-42e1:b2:\u00c3\u00a91:cli-9223372036854775808ei0edee1:dlee", written);
    }

    [Fact]
    public void Sorts_the_keys_of_each_dictionary_separately()
    {
        Write(writer =>
        {
            writer.WriteStartDictionary();
            writer.WriteKey("m"u8);
            writer.WriteStartDictionary();
            writer.WriteKey("a"u8);
            writer.WriteInteger(1);
            Assert.Throws<InvalidOperationException>(() => writer.WriteKey("a"u8));
            Assert.Throws<InvalidOperationException>(() => writer.WriteKey("Z"u8));
            writer.WriteKey("aa"u8);
            writer.WriteInteger(1);
            writer.WriteKey([0xFF]);
            writer.WriteInteger(1);
            writer.WriteEndDictionary();
            Assert.Throws<InvalidOperationException>(() => writer.WriteString("m"u8));
            Assert.Throws<InvalidOperationException>(() => writer.WriteKey(""u8));
            writer.WriteKey("n"u8);
            writer.WriteInteger(1);
            writer.WriteEndDictionary();
        });
    }

    [Fact]
    public void Refuses_output_that_would_not_be_bencoded()
    {
        Write(writer =>
        {
            Assert.Throws<InvalidOperationException>(() => writer.WriteKey("a"u8));
            Assert.Throws<InvalidOperationException>(writer.WriteEndList);
            Assert.Throws<InvalidOperationException>(writer.WriteEndDictionary);
            Assert.Throws<InvalidOperationException>(() => writer.WriteRaw([]));
            writer.WriteStartDictionary();
            Assert.Throws<InvalidOperationException>(() => writer.WriteInteger(1));
            Assert.Throws<InvalidOperationException>(writer.WriteStartList);
            Assert.Throws<InvalidOperationException>(() => writer.WriteRaw("i1e"u8));
            Assert.Throws<InvalidOperationException>(writer.WriteEndList);
            writer.WriteKey("a"u8);
            Assert.Throws<InvalidOperationException>(writer.WriteEndDictionary);
            Assert.Throws<InvalidOperationException>(() => writer.WriteKey("b"u8));
            writer.WriteStartList();
            Assert.Throws<InvalidOperationException>(writer.WriteEndDictionary);
            writer.WriteEndList();
            writer.WriteEndDictionary();
            Assert.Throws<InvalidOperationException>(() => writer.WriteInteger(1));
            Assert.Throws<InvalidOperationException>(() => writer.WriteString("a"));
            Assert.Throws<InvalidOperationException>(writer.WriteStartList);
        });
    }

    [Fact]
    public void Explains_wrong_use()
    {
        Write(writer =>
        {
            Assert.Contains("not a list", Misuse(writer.WriteEndList));
            Assert.Contains("at least two bytes", Misuse(() => writer.WriteRaw([])));
            Assert.Contains("into a dictionary", Misuse(() => writer.WriteKey("a"u8)));
            writer.WriteStartDictionary();
            Assert.Contains("before its value", Misuse(() => writer.WriteInteger(1)));
            Assert.Contains("before its value", Misuse(() => writer.WriteInteger(BigInteger.One)));
            writer.WriteString("key");
            Assert.Contains("has no value", Misuse(writer.WriteEndDictionary));
            writer.WriteStartList();
            Assert.Contains("not a dictionary", Misuse(writer.WriteEndDictionary));
            writer.WriteEndList();
            Assert.Contains("The key 'kex' must come after", Misuse(() => writer.WriteString("kex")));
            writer.WriteEndDictionary();
            Assert.Contains("complete", Misuse(() => writer.WriteInteger(1)));
        });
        Assert.Throws<ArgumentNullException>(() => new BencodeWriter(null!));
        Assert.Throws<ArgumentNullException>("value", () => new BencodeWriter(new ArrayBufferWriter<byte>()).WriteString((string)null!));

        static string Misuse(Action act) => Assert.Throws<InvalidOperationException>(act).Message;
    }

    [Fact]
    public void A_key_is_the_last_one_written_whatever_its_value_contains()
    {
        Assert.Equal("d3:keyd1:ai1e20:bbbbbbbbbbbbbbbbbbbbd1:ci1eee3:kezi2ee", Write(writer =>
        {
            writer.WriteStartDictionary();
            writer.WriteKey("key"u8);
            writer.WriteStartDictionary();
            writer.WriteKey("a"u8);
            writer.WriteInteger(1);
            writer.WriteKey("bbbbbbbbbbbbbbbbbbbb"u8);
            writer.WriteStartDictionary();
            writer.WriteKey("c"u8);
            writer.WriteInteger(1);
            writer.WriteEndDictionary();
            Assert.Throws<InvalidOperationException>(() => writer.WriteKey("bbbbbbbbbbbbbbbbbbbb"u8));
            writer.WriteEndDictionary();
            Assert.Throws<InvalidOperationException>(() => writer.WriteKey("key"u8));
            writer.WriteKey("kez"u8);
            writer.WriteInteger(2);
            writer.WriteEndDictionary();
        }));
    }

    [Fact]
    public void Reports_its_depth_and_whether_the_value_is_complete()
    {
        BencodeWriter writer = new(new ArrayBufferWriter<byte>());
        writer.WriteStartList();
        writer.WriteStartDictionary();
        Assert.Equal((2, false, 2L), (writer.Depth, writer.IsComplete, writer.BytesWritten));
        writer.WriteEndDictionary();
        writer.WriteInteger(BigInteger.Parse("123456789012345678901234567890", CultureInfo.InvariantCulture));
        writer.WriteRaw("1:a"u8);
        Assert.Equal((1, false, 38L), (writer.Depth, writer.IsComplete, writer.BytesWritten));
        writer.WriteEndList();
        Assert.Equal((0, true, 39L), (writer.Depth, writer.IsComplete, writer.BytesWritten));
    }

    [Property(MaxTest = 1000)]
    public void Its_output_can_be_read(byte[] plan, long[] integers, byte[][] strings)
    {
        var expected = new List<string>();
        var output = new ArrayBufferWriter<byte>();
        var writer = new BencodeWriter(output);
        var random = new Random(plan.Length * 31 + integers.Length);
        writer.WriteStartList();
        WritePlanned(writer, plan, integers, strings ?? [], random, expected);
        while (writer.Depth > 0)
            writer.WriteEndList();
        Assert.Equal(output.WrittenCount, writer.BytesWritten);

        var reader = new BencodeReader(output.WrittenSpan);
        var seen = new List<string>();
        while (reader.Read())
        {
            if (reader.TokenType == BencodeTokenType.Integer)
                seen.Add($"i{reader.GetInt64()}");
            else if (reader.TokenType == BencodeTokenType.String)
                seen.Add($"s{Convert.ToHexString(reader.ValueSpan)}");
            else if (reader.TokenType == BencodeTokenType.Key)
                seen.Add($"k{Convert.ToHexString(reader.ValueSpan)}");
        }
        Assert.Equal(expected, seen);
    }

    private static void WritePlanned(BencodeWriter writer, byte[] plan, long[] integers, byte[][] strings, Random random, List<string> expected)
    {
        foreach (byte step in plan)
        {
            byte[] text = strings.Length == 0 ? [] : strings[random.Next(strings.Length)] ?? [];
            switch (step % 4)
            {
                case 0 when integers.Length > 0:
                    long value = integers[random.Next(integers.Length)];
                    writer.WriteInteger(value);
                    expected.Add($"i{value}");
                    break;
                case 1:
                    writer.WriteString(text);
                    expected.Add($"s{Convert.ToHexString(text)}");
                    break;
                case 2 when writer.Depth < 90:
                    writer.WriteStartList();
                    break;
                default:
                    writer.WriteStartDictionary();
                    for (byte key = 0; key < step % 16; key++)
                    {
                        writer.WriteKey([key, step]);
                        writer.WriteString(text);
                        expected.Add($"k{Convert.ToHexString([key, step])}");
                        expected.Add($"s{Convert.ToHexString(text)}");
                    }
                    writer.WriteEndDictionary();
                    break;
            }
        }
    }

    private static string Write(Action<BencodeWriter> write)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new BencodeWriter(output);
        write(writer);
        Assert.True(writer.IsComplete);
        return Encoding.Latin1.GetString(output.WrittenSpan);
    }
}
