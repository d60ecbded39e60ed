using System.Collections;
using System.Collections.Specialized;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace TorrentPS.Engine.Bencoding;

/// <summary>
/// A dictionary of bencoded data (BEP 3), in the order that it was read in. A key is a <see cref="string"/> where it is text in UTF-8, and otherwise a
/// <see cref="ByteString"/>; upper and lower case differ.
/// </summary>
[SuppressMessage("Naming", "CA1711", Justification = "It is what BEP 3 calls it.")]
[SuppressMessage("Design", "CA1010", Justification = "It is PowerShell's own ordered dictionary.")]
[SuppressMessage("Usage", "CA2237", Justification = "Nothing serializes it.")]
public sealed class BencodeDictionary : OrderedDictionary, IEnumerable
{
    /// <summary>Makes an empty one.</summary>
    public BencodeDictionary()
        : base(KeyComparer.Instance)
    {
    }

    /// <summary>
    /// Whether it was read from data whose keys were not in the order that BEP 3 asks for. It is then written in its own order, so that it gives the
    /// same bytes again; any other is written in the order of BEP 3.
    /// </summary>
    public bool KeepsOrder { get; init; }

    // What shows a dictionary enumerates it. Entries of a type of their own can be shown such that a key does not steer a terminal; whoever asks for a dictionary's enumerator gets the usual one.
    IEnumerator IEnumerable.GetEnumerator()
    {
        foreach (DictionaryEntry entry in this)
            yield return new BencodeEntry(entry.Key, entry.Value);
    }

    /// <summary>The key of some bytes.</summary>
    internal static object KeyOf(ReadOnlySpan<byte> bytes) => Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : new ByteString(bytes);

    /// <summary>Takes a text for the same key as the byte string of it.</summary>
    private sealed class KeyComparer : IEqualityComparer
    {
        public static KeyComparer Instance { get; } = new();

        public new bool Equals(object? x, object? y) => object.Equals(Plain(x), Plain(y));

        public int GetHashCode(object obj) => Plain(obj)!.GetHashCode();

        private static object? Plain(object? key) => key is ByteString { IsText: true } bytes ? bytes.ToString() : key;
    }
}
