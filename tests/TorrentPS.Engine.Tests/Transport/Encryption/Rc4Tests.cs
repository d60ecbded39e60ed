using FsCheck.Xunit;
using TorrentPS.Engine.Transport.Encryption;

namespace TorrentPS.Engine.Tests.Transport.Encryption;

public class Rc4Tests
{
    // RFC 6229, section 2.
    [Theory]
    [InlineData("0102030405", 0, "b2396305f03dc027ccc3524a0a1118a8")]
    [InlineData("0102030405", 16, "6982944f18fc82d589c403a47a0d0919")]
    [InlineData("0102030405", 240, "28cb1132c96ce286421dcaadb8b69eae")]
    [InlineData("0102030405", 1024, "30abbcc7c20b01609f23ee2d5f6bb7df")]
    [InlineData("0102030405", 4096, "ff25b58995996707e51fbdf08b34d875")]
    [InlineData("833222772a", 0, "80ad97bdc973df8a2e879e92a497efda")]
    [InlineData("833222772a", 1024, "7828d074119cab5c22b294d7a9bfa0bb")]
    [InlineData("0102030405060708090a0b0c0d0e0f10", 0, "9ac7cc9a609d1ef7b2932899cde41b97")]
    [InlineData("0102030405060708090a0b0c0d0e0f10", 1024, "bdf0324e6083dcc6d3cedd3ca8c53c16")]
    [InlineData("0102030405060708090a0b0c0d0e0f10", 4096, "a36a4c301ae8ac13610ccbc12256cacc")]
    [InlineData("1ada31d5cf688221c109163908ebe51debb46227c6cc8b37641910833222772a", 0, "dd5bcb0018e922d494759d7c395d02d3")]
    [InlineData("1ada31d5cf688221c109163908ebe51debb46227c6cc8b37641910833222772a", 1024, "3477c7f764a41baceff90bf14f92b7cc")]
    public void The_keystream_is_the_one_of_RFC_6229(string key, int offset, string expected)
    {
        byte[] whole = new byte[offset + 16];
        new Rc4(Convert.FromHexString(key)).Process(whole);
        Assert.Equal(expected, Convert.ToHexStringLower(whole.AsSpan(offset)));

        byte[] afterDiscard = new byte[16];
        new Rc4(Convert.FromHexString(key), offset).Process(afterDiscard);
        Assert.Equal(expected, Convert.ToHexStringLower(afterDiscard));
    }

    [Fact]
    public void Mse_discards_the_first_1024_bytes()
    {
        byte[] bytes = new byte[16];
        new Rc4([1, 2, 3, 4, 5], Rc4.MseDiscard).Process(bytes);
        Assert.Equal("30abbcc7c20b01609f23ee2d5f6bb7df", Convert.ToHexStringLower(bytes));
    }

    [Property]
    public bool Pieces_of_any_length_give_what_the_textbook_gives(byte[] key, ushort[] lengths, byte[] data)
    {
        key = [.. key.Take(255), 7];
        byte[] whole = Enumerable.Range(0, lengths.Take(6).Sum(l => l % 700) + data.Length).Select(i => (byte)(i * 31)).ToArray();
        data.CopyTo(whole, 0);
        byte[] expected = Textbook(key, whole);

        var inPlace = new Rc4(key);
        var toOther = new Rc4(key);
        byte[] first = [.. whole];
        byte[] second = new byte[whole.Length];
        int at = 0;
        foreach (int length in lengths.Take(6).Select(l => l % 700).Append(data.Length))
        {
            inPlace.Process(first.AsSpan(at, length));
            toOther.Process(whole.AsSpan(at, length), second.AsSpan(at));
            at += length;
        }

        return first.AsSpan().SequenceEqual(expected) && second.AsSpan().SequenceEqual(expected);
    }

    [Fact]
    public void A_long_stream_matches_the_textbook_algorithm()
    {
        // Long enough for every coincidence between the indexes of one step and the next.
        byte[] data = new byte[1 << 20];
        byte[] expected = Textbook([1, 2, 3], data);
        new Rc4([1, 2, 3]).Process(data);
        Assert.True(data.AsSpan().SequenceEqual(expected));
    }

    [Fact]
    public void A_key_has_1_to_256_bytes_and_a_destination_is_long_enough()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Rc4([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Rc4(new byte[257]));
        Assert.Throws<ArgumentException>(() => new Rc4([1]).Process(new byte[2], new byte[1]));
        new Rc4([1]).Process([]);
    }

    private static byte[] Textbook(byte[] key, byte[] data)
    {
        int[] s = [.. Enumerable.Range(0, 256)];
        for (int i = 0, j = 0; i < 256; i++)
        {
            j = (j + s[i] + key[i % key.Length]) % 256;
            (s[i], s[j]) = (s[j], s[i]);
        }

        byte[] result = new byte[data.Length];
        for (int n = 0, i = 0, j = 0; n < data.Length; n++)
        {
            i = (i + 1) % 256;
            j = (j + s[i]) % 256;
            (s[i], s[j]) = (s[j], s[i]);
            result[n] = (byte)(data[n] ^ s[(s[i] + s[j]) % 256]);
        }

        return result;
    }
}
