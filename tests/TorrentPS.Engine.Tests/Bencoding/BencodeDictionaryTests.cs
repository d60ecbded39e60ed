using System.Collections;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Tests.Bencoding;

public sealed class BencodeDictionaryTests
{
    [Fact]
    public void A_text_and_its_byte_string_are_one_key()
    {
        BencodeDictionary dictionary = new() { ["ü"] = 1 };
        Assert.True(dictionary.Contains(new ByteString("ü")));
        Assert.Equal(1, dictionary[new ByteString([0xC3, 0xBC])]);
        Assert.Throws<ArgumentException>(() => dictionary.Add(new ByteString("ü"), 2));
        Assert.False(dictionary.Contains("Ü"));
        Assert.False(dictionary.Contains("c3bc"));
    }

    [Fact]
    public void Bytes_that_are_not_text_are_a_separate_key()
    {
        BencodeDictionary dictionary = new() { [new ByteString([0xFF])] = 1 };
        Assert.True(dictionary.Contains(new ByteString([0xFF])));
        Assert.False(dictionary.Contains("ff"));
        Assert.False(dictionary.Contains(new ByteString([0xFE])));
        Assert.False(new BencodeDictionary().KeepsOrder);
    }

    [Fact]
    public void An_enumeration_gives_its_entries_in_their_order()
    {
        BencodeDictionary dictionary = new() { ["b"] = 1, [new ByteString([0xFF])] = null, ["a"] = 2 };
        Assert.Equal([new BencodeEntry("b", 1), new BencodeEntry(new ByteString([0xFF]), null), new BencodeEntry("a", 2)], ((IEnumerable)dictionary).Cast<BencodeEntry>());
        Assert.Equal(["b", new ByteString([0xFF]), "a"], dictionary.Cast<BencodeEntry>().Select(entry => entry.Key));
    }
}
