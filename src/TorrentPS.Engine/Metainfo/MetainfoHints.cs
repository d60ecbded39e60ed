using System.Text;
using System.Text.Unicode;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Metainfo;

/// <summary>The references of a torrent to others that may have some of the same files (BEP 38). Those outside the info dictionary are added to those inside.</summary>
internal sealed class MetainfoHints
{
    private const int MaxHints = 100;
    private const int MaxCollectionBytes = 256;

    private readonly List<InfoHash> _similar = [];
    private readonly List<string> _collections = [];

    /// <summary>The info hashes of such torrents. One of 20 bytes may be a truncated v2 hash.</summary>
    public IReadOnlyList<InfoHash> Similar => _similar;

    /// <summary>The names of the collections that the torrent belongs to.</summary>
    public IReadOnlyList<string> Collections => _collections;

    /// <summary>Reads the value of <c>similar</c>: a list of hashes. Other values are ignored.</summary>
    public void ReadSimilar(ref BencodeReader reader) => ReadList(ref reader, (hints, value) =>
    {
        if (value.Length is not (InfoHash.V1Length or InfoHash.V2Length) || hints._similar.Count >= MaxHints)
            return;
        InfoHash hash = value.Length == InfoHash.V1Length ? InfoHash.Create(value) : InfoHash.Create(default, value);
        if (!hints._similar.Contains(hash))
            hints._similar.Add(hash);
    });

    /// <summary>Reads the value of <c>collections</c>: a list of names. Other values are ignored.</summary>
    public void ReadCollections(ref BencodeReader reader) => ReadList(ref reader, (hints, value) =>
    {
        if (value.IsEmpty || value.Length > MaxCollectionBytes || !Utf8.IsValid(value) || hints._collections.Count >= MaxHints)
            return;
        string name = Encoding.UTF8.GetString(value);
        if (!hints._collections.Contains(name))
            hints._collections.Add(name);
    });

    private void ReadList(ref BencodeReader reader, ReadValue read)
    {
        reader.Read();
        if (reader.TokenType != BencodeTokenType.StartList)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType != BencodeTokenType.EndList)
        {
            if (reader.TokenType == BencodeTokenType.String)
                read(this, reader.ValueSpan);
            else
                reader.Skip();
        }
    }

    private delegate void ReadValue(MetainfoHints hints, ReadOnlySpan<byte> value);
}
