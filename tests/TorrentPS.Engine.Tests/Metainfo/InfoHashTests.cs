using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

public sealed class InfoHashTests
{
    private static readonly byte[] s_v1 = [.. Enumerable.Range(1, 20).Select(i => (byte)i)];
    private static readonly byte[] s_v2 = [.. Enumerable.Range(0xA0, 32).Select(i => (byte)i)];

    [Fact]
    public void Has_a_v1_hash_a_v2_hash_or_both()
    {
        InfoHash v1 = InfoHash.Create(s_v1), v2 = InfoHash.Create(default, s_v2), both = InfoHash.Create(s_v1, s_v2);
        Assert.Equal((true, false, true, true), (v1.HasV1, v1.HasV2, both.HasV1, both.HasV2));
        Assert.Equal((false, true), (v2.HasV1, v2.HasV2));
        Assert.Equal(s_v1, v1.Wire.ToArray());
        Assert.Equal(s_v1, both.Wire.ToArray());
        Assert.Equal(s_v2[..20], v2.Wire.ToArray());
        Assert.Equal(s_v1, both.V1.ToArray());
        Assert.Equal(s_v2, both.V2.ToArray());
        Assert.Equal(Convert.ToHexStringLower(s_v1), both.ToString());
        Assert.Equal(Convert.ToHexStringLower(s_v2), v2.ToString());
        Assert.True(default(InfoHash).Wire.IsEmpty);
        Assert.Equal((0, ""), (default(InfoHash).GetHashCode(), default(InfoHash).ToString()));
    }

    [Fact]
    public void Has_20_bytes_32_or_both_and_nothing_else()
    {
        Assert.Contains("20 bytes", Assert.Throws<ArgumentException>("v1", () => InfoHash.Create(s_v1.AsSpan(0, 19))).Message);
        Assert.Contains("20 bytes", Assert.Throws<ArgumentException>("v1", () => InfoHash.Create(s_v2, s_v2)).Message);
        Assert.Contains("32 bytes", Assert.Throws<ArgumentException>("v2", () => InfoHash.Create(s_v1, s_v1)).Message);
        Assert.Contains("or both", Assert.Throws<ArgumentException>("v1", () => InfoHash.Create(default)).Message);
    }

    [Fact]
    public void Is_read_from_its_digits_in_either_case()
    {
        Assert.True(InfoHash.TryParse(Convert.ToHexString(s_v1), out InfoHash v1));
        Assert.True(InfoHash.TryParse(Convert.ToHexStringLower(s_v2), out InfoHash v2));
        Assert.Equal(InfoHash.Create(s_v1), v1);
        Assert.Equal(InfoHash.Create(default, s_v2), v2);
        foreach (string? text in (string?[])[null, "", new string('0', 39), new string('0', 41), new string('0', 63), new string('g', 40), new string('g', 64)])
        {
            Assert.False(InfoHash.TryParse(text, out InfoHash none));
            Assert.Equal(default, none);
        }
    }

    [Fact]
    public void Equals_if_both_hashes_do()
    {
        InfoHash both = InfoHash.Create(s_v1, s_v2), same = InfoHash.Create(s_v1, s_v2), v1 = InfoHash.Create(s_v1), other = InfoHash.Create(s_v1, [.. s_v2.Reverse()]);
        Assert.True(both == same);
        Assert.False(both != same);
        Assert.True(both != v1);
        Assert.False(both == other);
        Assert.True(both.Equals((object)same));
        Assert.False(both.Equals((object)v1));
        Assert.False(both.Equals("x"));
        Assert.Equal(both.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(both.GetHashCode(), InfoHash.Create(default, s_v2).GetHashCode());
    }
}
