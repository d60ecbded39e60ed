using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Tests.Bencoding;

public sealed class ByteStringTests
{
    [Fact]
    public void Is_shown_as_text_if_it_is_text()
    {
        ByteString text = new("ünï"), binary = new([0xFF, 0x00]);
        Assert.Equal(("ünï", true, 5), (text.ToString(), text.IsText, text.Length));
        Assert.Equal(("ff00", false, 2), (binary.ToString(), binary.IsText, binary.Length));
        Assert.Equal("c3bc6ec3af", text.ToHex());
    }

    [Fact]
    public void Has_a_copy_of_the_bytes_and_gives_copies()
    {
        byte[] bytes = [1, 2];
        ByteString value = new(bytes), same = new(bytes.AsSpan());
        bytes[0] = 9;
        value.Bytes[1] = 9;
        Assert.Equal([1, 2], value.Bytes);
        Assert.Equal([1, 2], same.Bytes);
        Assert.Throws<ArgumentNullException>("bytes", () => new ByteString((byte[])null!));
        Assert.Throws<ArgumentNullException>("text", () => new ByteString((string)null!));
    }

    [Fact]
    public void Equals_the_same_bytes_and_their_text()
    {
        ByteString a = new("ü"), same = new([0xC3, 0xBC]), other = new("u");
        Assert.True(a.Equals(same));
        Assert.True(a.Equals((object)same));
        Assert.True(a.Equals("ü"));
        Assert.False(a.Equals("u"));
        Assert.False(a.Equals((object)other));
        Assert.False(a.Equals((object?)null));
        Assert.False(a.Equals((ByteString?)null));
        Assert.False(a.Equals((object)(byte[])[0xC3, 0xBC]));
        Assert.False(new ByteString([0xFF, 0x00]).Equals("ff00"));
        Assert.Equal(a.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(a.GetHashCode(), other.GetHashCode());
        Assert.True(a == same);
        Assert.False(a != same);
        Assert.False(a == other);
        Assert.True(a != other);
        Assert.True((ByteString?)null == null);
        Assert.False(null == a);
        Assert.False(a == null);
    }

    [Theory]
    [InlineData("a", "b", -1)]
    [InlineData("b", "a", 1)]
    [InlineData("a", "aa", -1)]
    [InlineData("a", "a", 0)]
    [InlineData("Z", "a", -1)]
    [InlineData("", "a", -1)]
    [InlineData("z", "ü", -1)]
    public void Is_ordered_by_the_bytes(string left, string right, int order)
    {
        ByteString a = new(left), b = new(right);
        Assert.Equal(order, Math.Sign(a.CompareTo(b)));
        Assert.Equal(order, Math.Sign(((IComparable)a).CompareTo(b)));
        Assert.Equal(order, Math.Sign(((IComparable)a).CompareTo(right)));
        Assert.Equal([order < 0, order > 0, order <= 0, order >= 0], (bool[])[(a < b), (a > b), (a <= b), (a >= b)]);
    }

    [Fact]
    public void Sorts_after_null_and_compares_only_with_byte_strings()
    {
        ByteString value = new("");
        Assert.Equal(1, value.CompareTo(null));
        Assert.Equal(1, ((IComparable)value).CompareTo(null));
        Assert.True(null < value && value > null && null <= value && !(null >= value));
        Assert.Contains("byte strings and texts", Assert.Throws<ArgumentException>("obj", () => ((IComparable)value).CompareTo(1)).Message);
    }
}
