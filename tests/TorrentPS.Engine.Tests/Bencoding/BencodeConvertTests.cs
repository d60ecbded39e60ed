using System.Collections;
using System.Collections.Specialized;
using System.Numerics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Tests.Bencoding;

public sealed class BencodeConvertTests
{
    [Property(Arbitrary = [typeof(AnyBencode)])]
    public void Decoded_data_encodes_to_the_same_bytes(Bencoded data) =>
        Assert.Equal(data.Bytes, BencodeConvert.Encode(BencodeConvert.Decode(data.Bytes)));

    [Property(Arbitrary = [typeof(AnyBencode)])]
    public void A_changed_byte_is_refused_with_its_place_or_gives_the_same_bytes(Bencoded data, NonNegativeInt place, byte other)
    {
        byte[] bytes = [.. data.Bytes];
        bytes[place.Get % bytes.Length] = other;
        object value;
        try
        {
            value = BencodeConvert.Decode(bytes);
        }
        catch (BencodeException e)
        {
            Assert.InRange(e.ByteOffset, 0, bytes.Length);
            return;
        }
        Assert.Equal(bytes, BencodeConvert.Encode(value));
    }

    [Property]
    public void Any_bytes_are_a_string(byte[] bytes)
    {
        ByteString value = Assert.IsType<ByteString>(BencodeConvert.Decode(BencodeConvert.Encode(bytes)));
        Assert.Equal(bytes, value.Bytes);
        Assert.Equal(new ByteString(bytes), value);
        Assert.Equal(new ByteString(bytes).GetHashCode(), value.GetHashCode());
    }

    [Property]
    public void Any_integer_is_kept(BigInteger number) =>
        Assert.Equal(number, BencodeConvert.Decode(BencodeConvert.Encode(number)) switch { long small => small, var big => (BigInteger)big });

    [Theory]
    [InlineData("9223372036854775807", typeof(long))]
    [InlineData("9223372036854775808", typeof(BigInteger))]
    [InlineData("-9223372036854775808", typeof(long))]
    [InlineData("-9223372036854775809", typeof(BigInteger))]
    [InlineData("184467440737095516160000000000000000000", typeof(BigInteger))]
    public void Integers_beyond_64_bits_are_kept(string digits, Type type)
    {
        byte[] data = Encoding.ASCII.GetBytes($"i{digits}e");
        object value = BencodeConvert.Decode(data);
        Assert.IsType(type, value);
        Assert.Equal(digits, value.ToString());
        Assert.Equal(data, BencodeConvert.Encode(value));
    }

    [Fact]
    public void The_longest_integer_is_kept_and_longer_ones_are_refused()
    {
        byte[] longest = Encoding.ASCII.GetBytes($"i{new string('9', 4096)}e");
        Assert.Equal(longest, BencodeConvert.Encode(BencodeConvert.Decode(longest)));
        Assert.Equal(1, Assert.Throws<BencodeException>(() => BencodeConvert.Decode(Encoding.ASCII.GetBytes($"li{new string('9', 4097)}ee"))).ByteOffset);
        Assert.Contains("digits", Assert.Throws<TorrentException>(() => BencodeConvert.Encode(BigInteger.Pow(10, 4096))).Message);
        Assert.Contains("digits", Assert.Throws<TorrentException>(() => BencodeConvert.Encode(BigInteger.Pow(10, 1_000_000))).Message);
    }

    [Theory]
    [InlineData("d1:ai1e1:ai2ee", 7)]
    [InlineData("d1:a0:1:b0:1:a0:e", 11)]
    [InlineData("", 0)]
    [InlineData("i1", 2)]
    [InlineData("i1e ", 3)]
    [InlineData("i-0e", 2)]
    [InlineData("d1:a0:", 6)]
    [InlineData("di1e0:e", 1)]
    [InlineData("3:ab", 0)]
    [InlineData("hello", 0)]
    public void Data_that_is_not_bencoded_is_refused_with_the_byte(string data, long offset)
    {
        BencodeException e = Assert.Throws<BencodeException>(() => BencodeConvert.Decode(Encoding.ASCII.GetBytes(data)));
        Assert.Equal(offset, e.ByteOffset);
        Assert.Equal(TorrentErrorId.InvalidBencode, e.ErrorId);
        Assert.EndsWith($"(byte {offset})", e.Message);
    }

    [Fact]
    public void Keys_are_text_if_possible_and_lists_are_lists()
    {
        BencodeDictionary value = Assert.IsType<BencodeDictionary>(BencodeConvert.Decode([.. "d4:infod6:lengthi5ee4:listl1:ai1ee3:"u8, 0xFF, 0, 1, .. "2:hie"u8]));
        Assert.Equal(["info", "list", new ByteString([0xFF, 0, 1])], value.Keys.Cast<object>());
        Assert.Equal(5L, ((IDictionary)value["info"]!)["length"]);
        Assert.Equal([new ByteString("a"), 1L], Assert.IsAssignableFrom<List<object>>(value["list"]));
        Assert.Equal("hi", value[new ByteString([0xFF, 0, 1])]!.ToString());
        Assert.True(value.Contains(new ByteString("info")));
        Assert.False(value.Contains("INFO"));
        Assert.False(value.KeepsOrder);
    }

    [Fact]
    public void Unsorted_keys_stay_unsorted_and_all_others_are_sorted()
    {
        byte[] wrong = [.. "d1:bi1e1:ai2e2:aai3ee"u8];
        BencodeDictionary value = (BencodeDictionary)BencodeConvert.Decode(wrong);
        Assert.True(value.KeepsOrder);
        Assert.Equal(wrong, BencodeConvert.Encode(value));

        BencodeDictionary right = (BencodeDictionary)BencodeConvert.Decode("d1:bi1ee"u8);
        right.Add("a", 2);
        Assert.Equal("d1:ai2e1:bi1ee"u8, BencodeConvert.Encode(right));
        Assert.Equal("d1:ai2e1:bi1e2:\u00fci3ee"u8, BencodeConvert.Encode(new OrderedDictionary { ["ü"] = 3, ["b"] = 1, ["a"] = 2 }));
        Assert.Equal([.. "d1:ai2e1:"u8, 0xFF, .. "i1ee"u8], BencodeConvert.Encode(new Hashtable { [new byte[] { 0xFF }] = 1, ["a"] = 2 }));
    }

    [Fact]
    public void Objects_of_many_kinds_can_be_encoded()
    {
        object[] list = ["ü", 'c', new byte[] { 1 }, new ByteString("b"), new Uri("http://a/?b"), (byte)1, -2, 3u, ulong.MaxValue, 4.0, 5m, true, false, DayOfWeek.Friday, new List<object>(), new Dictionary<string, int>()];
        Assert.Equal("l2:ü1:c1:\u00011:b11:http://a/?bi1ei-2ei3ei18446744073709551615ei4ei5ei1ei0ei5eledee", Encoding.UTF8.GetString(BencodeConvert.Encode(list)));
    }

    [Fact]
    public void An_object_that_cannot_be_encoded_is_refused_with_its_place()
    {
        Hashtable value = new() { ["a"] = new object?[] { 1, new Hashtable { ["b"] = null } } };
        TorrentException e = Assert.Throws<TorrentException>(() => BencodeConvert.Encode(value));
        Assert.Equal(TorrentErrorId.InvalidBencode, e.ErrorId);
        Assert.StartsWith("'a[1].b' is null", e.Message);
        Assert.Contains("whole numbers", Assert.Throws<TorrentException>(() => BencodeConvert.Encode(1.5)).Message);
        Assert.Contains("whole numbers", Assert.Throws<TorrentException>(() => BencodeConvert.Encode(double.NaN)).Message);
        Assert.Contains("System.DateTime", Assert.Throws<TorrentException>(() => BencodeConvert.Encode(DateTime.Now)).Message);
        Assert.Contains("key '1'", Assert.Throws<TorrentException>(() => BencodeConvert.Encode(new Hashtable { [1] = 1 })).Message);
        Assert.Contains("twice", Assert.Throws<TorrentException>(() => BencodeConvert.Encode(new Hashtable { ["a"] = 1, [new ByteString("a")] = 1 })).Message);
        Assert.Contains("surrogate", Assert.Throws<TorrentException>(() => BencodeConvert.Encode("\uD800")).Message);
    }

    [Fact]
    public void Everything_readable_can_be_written_and_a_value_inside_itself_is_refused()
    {
        byte[] deepest = [.. Enumerable.Repeat((byte)'l', 128), .. Enumerable.Repeat((byte)'e', 128)];
        Assert.Equal(deepest, BencodeConvert.Encode(BencodeConvert.Decode(deepest)));
        Assert.Throws<BencodeException>(() => BencodeConvert.Decode([(byte)'l', .. deepest, (byte)'e']));
        List<object> itself = [];
        itself.Add(itself);
        Assert.Contains("itself", Assert.Throws<TorrentException>(() => BencodeConvert.Encode(itself)).Message);
    }

    [Fact]
    public void One_level_more_than_readable_is_refused_when_writing()
    {
        object value = Array.Empty<object>();
        for (int depth = 1; depth < 128; depth++)
            value = new[] { value };
        Assert.Equal(256, BencodeConvert.Encode(value).Length);
        Assert.Equal($"'{string.Concat(Enumerable.Repeat("[0]", 66))}[0…' lies more than 128 deep, or in itself.", Assert.Throws<TorrentException>(() => BencodeConvert.Encode(new[] { value })).Message);
        Assert.Equal(258, BencodeConvert.Encode(Nested(127, "a")).Length - 1);

        static object Nested(int depth, object inner) => depth < 0 ? inner : new[] { Nested(depth - 1, inner) };
    }

    [Fact]
    public void Numbers_of_any_type_are_integers_if_they_are_whole()
    {
        object[] whole = [(sbyte)-1, (short)-2, (ushort)3, 4L, 1e18, 2.5f * 2, 79228162514264337593543950335m, Int128.MinValue, UInt128.MaxValue, (BigInteger)7, EnumOfULong.Most, EnumOfLong.Least];
        Assert.Equal(
            "li-1ei-2ei3ei4ei1000000000000000000ei5ei79228162514264337593543950335ei-170141183460469231731687303715884105728ei340282366920938463463374607431768211455ei7ei18446744073709551615ei-9223372036854775808ee",
            Encoding.ASCII.GetString(BencodeConvert.Encode(whole)));
        Assert.Equal("2:ab"u8, BencodeConvert.Encode((ReadOnlyMemory<byte>)"ab"u8.ToArray()));
        foreach (object fraction in new object[] { 0.5f, 0.5m, double.PositiveInfinity })
            Assert.Contains("bencoded data has only whole numbers", Assert.Throws<TorrentException>(() => BencodeConvert.Encode(fraction)).Message);
        Assert.Equal("The object is 0.5; bencoded data has only whole numbers.", Assert.Throws<TorrentException>(() => BencodeConvert.Encode(0.5)).Message);
    }

    [Fact]
    public void A_wrapper_stands_for_the_object_it_contains()
    {
        Func<object?, object?> unwrap = item => item is Lazy<object> lazy ? lazy.Value : item;
        Hashtable value = new() { [new Lazy<object>("key")] = new Lazy<object>(new object[] { new Lazy<object>(1), 2 }) };
        Assert.Equal("d3:keyli1ei2eee"u8, BencodeConvert.Encode(new Lazy<object>(value), unwrap));
    }

    [Fact]
    public void Reports_where_an_object_cannot_be_encoded()
    {
        Assert.Equal("The object is null, which bencoded data does not have; leave it out.", Refusal(null));
        Assert.Equal("'[1].a.b[0]' is null, which bencoded data does not have; leave it out.", Refusal(new object[] { new[] { 1 }, new OrderedDictionary { ["0"] = 0, ["a"] = new OrderedDictionary { ["b"] = new object?[] { null } } } }));
        Assert.Equal("The object is a System.Guid, which bencoded data does not have; make it a string, a number, a list or a dictionary.", Refusal(Guid.Empty));
        Assert.Equal("'a' has the key '1', which is a System.Int32; keys are strings or bytes.", Refusal(new Hashtable { ["a"] = new Hashtable { [1] = 1 } }));
        Assert.Equal("'[0]' has the key 'b' twice.", Refusal(new object[] { new Hashtable { ["a"] = 1, ["b"] = 2, [new ByteString("b")] = 3 } }));
        Assert.Equal("'a' has half of a surrogate pair, which UTF-8 does not have; give the bytes.", Refusal(new Hashtable { ["a"] = "\uDC00" }));
        Assert.Equal("'a' has more than 4096 digits.", Refusal(new Hashtable { ["a"] = BigInteger.Pow(10, 4096) }));
        Assert.Equal($"'{new string('k', 200)}' is null, which bencoded data does not have; leave it out.", Refusal(new Hashtable { [new string('k', 200)] = null }));
        Assert.Equal($"'{new string('k', 200)}…' is null, which bencoded data does not have; leave it out.", Refusal(new Hashtable { [new string('k', 201)] = null }));

        static string Refusal(object? value) => Assert.Throws<TorrentException>(() => BencodeConvert.Encode(value)).Message;
    }

    [Fact]
    public void Reports_a_duplicate_key_and_the_length_of_an_integer()
    {
        Assert.Equal("The key 'a' comes twice in a dictionary (byte 7)", Assert.Throws<BencodeException>(() => BencodeConvert.Decode("d1:ai1e1:ai2ee"u8)).Message);
        Assert.Equal("An integer has 4097 digits, more than the 4096 allowed (byte 0)", Assert.Throws<BencodeException>(() => BencodeConvert.Decode(Encoding.ASCII.GetBytes($"i{new string('9', 4097)}e"))).Message);
    }

    [Fact]
    public void Consecutive_equal_keys_are_out_of_order()
    {
        Assert.False(Read("de"u8).KeepsOrder);
        Assert.False(Read("d1:a0:2:aa0:1:b0:e"u8).KeepsOrder);
        Assert.True(Read("d1:a0:1:c0:1:b0:1:d0:e"u8).KeepsOrder);
        Assert.Throws<BencodeException>(() => BencodeConvert.Decode("d1:a0:1:a0:e"u8));

        static BencodeDictionary Read(ReadOnlySpan<byte> data) => (BencodeDictionary)BencodeConvert.Decode(data);
    }

    private enum EnumOfULong : ulong
    {
        None,
        Most = ulong.MaxValue,
    }

    private enum EnumOfLong : long
    {
        None,
        Least = long.MinValue,
    }

    /// <summary>Any value, as its bytes.</summary>
    public sealed record Bencoded(byte[] Bytes)
    {
        public override string ToString() => Encoding.Latin1.GetString(Bytes);
    }

    public static class AnyBencode
    {
        public static Arbitrary<Bencoded> Bencoded() => Arb.From(Gen.Sized(size => Value(Math.Min(size, 30))).Select(bytes => new Bencoded(bytes)));

        private static Gen<byte[]> Value(int size)
        {
            Gen<byte[]> integer = Gen.OneOf(
                ArbMap.Default.GeneratorFor<long>().Select(number => Encoding.ASCII.GetBytes($"i{number}e")),
                ArbMap.Default.GeneratorFor<BigInteger>().Select(number => Encoding.ASCII.GetBytes($"i{number * ulong.MaxValue}e")));
            if (size <= 1)
                return Gen.OneOf(integer, String());
            Gen<byte[]> list = Gen.ListOf(Value(size / 3), size % 4).Select(items => (byte[])[(byte)'l', .. items.SelectMany(item => item), (byte)'e']);
            Gen<byte[]> dictionary =
                from keys in Gen.ListOf(String(), size % 5)
                from values in Gen.ListOf(Value(size / 3), size % 5)
                from sorted in ArbMap.Default.GeneratorFor<bool>()
                select Dictionary(keys, values, sorted);
            return Gen.OneOf(integer, String(), list, dictionary);
        }

        private static byte[] Dictionary(IEnumerable<byte[]> keys, IEnumerable<byte[]> values, bool sorted)
        {
            var entries = keys.Zip(values).DistinctBy(entry => Convert.ToHexString(entry.First));
            // Keys have length prefixes: they are ordered by their own bytes only.
            if (sorted)
                entries = entries.OrderBy(entry => new ByteString(entry.First.AsSpan(entry.First.AsSpan().IndexOf((byte)':') + 1)));
            return [(byte)'d', .. entries.SelectMany(entry => entry.First.Concat(entry.Second)), (byte)'e'];
        }

        private static Gen<byte[]> String() => Gen.OneOf(
            ArbMap.Default.GeneratorFor<byte[]>(),
            ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => Encoding.UTF8.GetBytes(text.Get)))
            .Select(bytes => (byte[])[.. Encoding.ASCII.GetBytes($"{bytes.Length}:"), .. bytes]);
    }
}
