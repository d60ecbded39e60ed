using System.Globalization;
using System.Numerics;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Transport.Encryption;

namespace TorrentPS.Engine.Tests.Transport.Encryption;

public class KeyExchangeTests
{
    internal const string KnownSecret =
        "d05ed96a95215a89b44073afe5d0b1626289ac01cff7849392948b2470b346547e944d7562a897ae86976bc389999083"
        + "ec09572dbdc8ed7f6a0a86a1aa42a3ca04209b72d8239890360435640643b76479ed7836f1857963fcc7cb72084c3ab4";

    private static readonly byte[] s_firstPrivate = [.. Enumerable.Range(1, 20).Select(i => (byte)i)];
    private static readonly byte[] s_secondPrivate = [.. Enumerable.Range(101, 20).Select(i => (byte)i)];

    [Fact]
    public void Known_keys_give_known_values()
    {
        var first = new KeyExchange(s_firstPrivate);
        var second = new KeyExchange(s_secondPrivate);

        Assert.Equal(
            "96e112dab29e8c5272accb9b17b26887ce54a144a4e3b697c7d159b7a817e556b0918db2b4c658e02a87f7e5fb14b18a"
            + "553e084cbf3dad2d30f16596ccb982d406258c61b30c5c1dae2ddc60bdbd48d79896312aad63238c39e1a633821eb693",
            Convert.ToHexStringLower(first.PublicKey));
        Assert.Equal(KnownSecret, Convert.ToHexStringLower(first.DeriveSecret(second.PublicKey)));
        Assert.Equal(KnownSecret, Convert.ToHexStringLower(second.DeriveSecret(first.PublicKey)));
    }

    [Fact]
    public void New_keys_differ_and_agree()
    {
        for (int i = 0; i < 20; i++)
        {
            var first = new KeyExchange();
            var second = new KeyExchange();
            Assert.False(first.PublicKey.SequenceEqual(second.PublicKey));
            Assert.Equal(first.DeriveSecret(second.PublicKey), second.DeriveSecret(first.PublicKey));
        }
    }

    [Fact]
    public void A_secret_keeps_its_leading_zeros()
    {
        byte[] secret = new KeyExchange([50]).DeriveSecret(new KeyExchange(s_secondPrivate).PublicKey);
        Assert.Equal(KeyExchange.Length, secret.Length);
        Assert.StartsWith("00358ccf1f41", Convert.ToHexStringLower(secret), StringComparison.Ordinal);
    }

    [Fact]
    public void The_answering_side_generates_keys_until_the_secret_has_no_leading_zero()
    {
        var peer = new KeyExchange(s_secondPrivate);
        var keys = new Queue<byte[]>([[50], [50], s_firstPrivate, [50]]);
        KeyExchange exchange = KeyExchange.Answer(peer.PublicKey, out byte[] secret, keys.Dequeue);
        Assert.Single(keys);
        Assert.Equal(KnownSecret, Convert.ToHexStringLower(secret));
        Assert.Equal(secret, peer.DeriveSecret(exchange.PublicKey));
    }

    [Fact]
    public void The_answering_side_does_not_generate_keys_forever()
    {
        var peer = new KeyExchange(s_secondPrivate);
        KeyExchange exchange = KeyExchange.Answer(peer.PublicKey, out byte[] secret, () => [50]);
        Assert.Equal(secret, peer.DeriveSecret(exchange.PublicKey));
    }

    [Fact]
    public void A_small_public_key_and_secret_are_written_in_full()
    {
        var one = new KeyExchange([1]);
        byte[] two = new byte[KeyExchange.Length];
        two[^1] = 2;
        Assert.Equal(two, one.PublicKey.ToArray());
        Assert.Equal(two, one.DeriveSecret(one.PublicKey));
    }

    public static TheoryData<string> DegenerateKeys()
    {
        var keys = new TheoryData<string>();
        foreach (BigInteger key in new[] { 0, 1, KeyExchange.Prime - 1, KeyExchange.Prime, KeyExchange.Prime + 2, BigInteger.Pow(2, 768) - 1 })
            keys.Add(key.ToString("x193", CultureInfo.InvariantCulture)[^192..]);
        return keys;
    }

    [Theory]
    [MemberData(nameof(DegenerateKeys))]
    public void A_degenerate_key_is_refused(string key)
    {
        MseException e = Assert.Throws<MseException>(() => new KeyExchange().DeriveSecret(Convert.FromHexString(key)));
        Assert.Equal(MseFailure.BadPublicKey, e.Failure);
        Assert.IsType<TorrentException>(e, exactMatch: false);
    }

    [Fact]
    public void The_largest_and_smallest_sound_keys_are_accepted()
    {
        byte[] two = new byte[KeyExchange.Length];
        two[^1] = 2;
        byte[] largest = (KeyExchange.Prime - 2).ToByteArray(isUnsigned: true, isBigEndian: true);
        Assert.Equal(KeyExchange.Length, new KeyExchange().DeriveSecret(two).Length);
        Assert.Equal(KeyExchange.Length, new KeyExchange().DeriveSecret(largest).Length);
    }
}
