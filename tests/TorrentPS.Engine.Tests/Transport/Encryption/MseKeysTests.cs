using TorrentPS.Engine.Transport.Encryption;

namespace TorrentPS.Engine.Tests.Transport.Encryption;

public class MseKeysTests
{
    private static readonly byte[] s_secret = Convert.FromHexString(KeyExchangeTests.KnownSecret);
    private static readonly byte[] s_infoHash = [.. Enumerable.Range(201, 20).Select(i => (byte)i)];

    [Fact]
    public void The_hashes_are_the_known_ones()
    {
        byte[] hash = new byte[MseKeys.HashLength];
        MseKeys.HashMark(s_secret, hash);
        Assert.Equal("78fffb0f23055a793ff7609f359e04e383ec3505", Convert.ToHexStringLower(hash));

        MseKeys.HashTorrent(s_infoHash, hash);
        Assert.Equal("e264dd6778ac2ad578760f3d96cf1d6a192325d9", Convert.ToHexStringLower(hash));

        MseKeys.MaskTorrent(s_secret, hash);
        Assert.Equal("d923c84811f2da0da95de6c631328ff8368c6031", Convert.ToHexStringLower(hash));
        MseKeys.MaskTorrent(s_secret, hash);
        Assert.Equal("e264dd6778ac2ad578760f3d96cf1d6a192325d9", Convert.ToHexStringLower(hash));
    }

    [Fact]
    public void Each_direction_has_its_keystream()
    {
        byte[] bytes = new byte[16];
        MseKeys.CreateInitiatorCipher(s_secret, s_infoHash).Process(bytes);
        Assert.Equal("d3214d34b759debad3b2451b2e88df78", Convert.ToHexStringLower(bytes));

        bytes.AsSpan().Clear();
        MseKeys.CreateAcceptorCipher(s_secret, s_infoHash).Process(bytes);
        Assert.Equal("064873d0be927c8131e5d2ec220cad7e", Convert.ToHexStringLower(bytes));
    }

    [Fact]
    public void Torrents_are_found_by_the_hash_of_their_hash_until_they_are_removed()
    {
        var torrents = new MseTorrents();
        byte[][] infoHashes = [.. Enumerable.Range(0, 1000).Select(i => (byte[])[(byte)i, (byte)(i >> 8), .. new byte[18]])];
        Assert.All(infoHashes, h => Assert.True(torrents.Add(h)));
        Assert.False(torrents.Add(infoHashes[5]));
        Assert.Equal(1000, torrents.Count);

        byte[] name = new byte[MseKeys.HashLength];
        foreach (byte[] infoHash in infoHashes)
        {
            MseKeys.HashTorrent(infoHash, name);
            Assert.True(torrents.TryFind(name, out byte[]? found));
            Assert.Equal(infoHash, found);
        }

        Assert.True(torrents.Remove(infoHashes[999]));
        Assert.False(torrents.Remove(infoHashes[999]));
        Assert.False(torrents.TryFind(name, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => torrents.Add(new byte[32]));
    }
}
