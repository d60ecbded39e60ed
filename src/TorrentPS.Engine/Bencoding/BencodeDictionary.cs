using System.Collections;
using System.Collections.Specialized;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace TorrentPS.Engine.Bencoding;

/// <summary>
/// A dictionary of bencoded data (BEP 3), in the order in which it was read. A key is a <see cref="string"/> if it is valid UTF-8, otherwise a <see cref="ByteString"/>;
/// keys are case-sensitive.
/// </summary>
[SuppressMessage("Naming", "CA1711", Justification = "It is what BEP 3 calls it.")]
[SuppressMessage("Design", "CA1010", Justification = "It is PowerShell's own ordered dictionary.")]
[SuppressMessage("Usage", "CA2237", Justification = "Nothing serializes it.")]
public sealed class BencodeDictionary : OrderedDictionary, IEnumerable
{
    /// <summary>Creates an empty dictionary.</summary>
    public BencodeDictionary()
        : base(KeyComparer.Instance)
    {
    }

    /// <summary>
    /// Whether the data had unsorted keys (against BEP 3). Such a dictionary is written in its own order, so that it gives the same bytes; any other is written in the
    /// order of BEP 3.
    /// </summary>
    public bool KeepsOrder { get; init; }

    // Views enumerate dictionaries. Entries have a separate type so that a view can show keys safely; the typed enumerator returns the usual entries.
    IEnumerator IEnumerable.GetEnumerator()
    {
        foreach (DictionaryEntry entry in this)
            yield return new BencodeEntry(entry.Key, entry.Value);
    }

    /// <summary>The key for some bytes.</summary>
    internal static object KeyOf(ReadOnlySpan<byte> bytes) => Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : new ByteString(bytes);

    /// <summary>Compares a text as equal to the byte string with its UTF-8 bytes.</summary>
    private sealed class KeyComparer : IEqualityComparer
    {
        public static KeyComparer Instance { get; } = new();

        public new bool Equals(object? x, object? y) => object.Equals(Plain(x), Plain(y));

        public int GetHashCode(object obj) => Plain(obj)!.GetHashCode();

        private static object? Plain(object? key) => key is ByteString { IsText: true } bytes ? bytes.ToString() : key;
    }
}
