using System.Text;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Metainfo;

/// <summary>Parses a .torrent (BEP 3, 5, 12, 19, 27, 47, 52), or an info dictionary alone as peers send it (BEP 9).</summary>
internal sealed class TorrentParser
{
    private readonly ReadOnlyMemory<byte> _data;
    private readonly MetainfoHints _hints = new(); // those outside the info dictionary
    private InfoDictionary? _info;
    private MetainfoString? _comment;
    private MetainfoString? _commentUtf8;
    private MetainfoString? _createdBy;
    private MetainfoString? _encoding;
    private MetainfoInteger? _creationDate;
    private MetainfoString? _announce;
    private List<List<string>>? _announceList;
    private List<Uri>? _webSeeds;
    private List<Uri>? _httpSeeds;
    private List<string>? _nodes;
    private ReadOnlyMemory<byte> _pieceLayers;
    private int _pieceLayersStart;
    private int _end;
    private MagnetLink? _link;

    private TorrentParser(ReadOnlyMemory<byte> data) => _data = data;

    public static Torrent Parse(ReadOnlyMemory<byte> data)
    {
        if (data.Length > MetainfoLimits.TorrentBytes)
        {
            throw new TorrentException(TorrentErrorId.InvalidTorrent,
                $"The torrent has {data.Length} bytes, more than the {MetainfoLimits.TorrentBytes} allowed (byte {MetainfoLimits.TorrentBytes})");
        }
        var parser = new TorrentParser(data);
        // Some programs end the file with a line break.
        var reader = new BencodeReader(data.Span, MetainfoLimits.Reader with { AllowTrailingData = true });
        reader.Read();
        if (reader.TokenType != BencodeTokenType.StartDictionary)
            throw new TorrentException(TorrentErrorId.InvalidTorrent, "The data is not a dictionary (byte 0)");
        while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
            parser.ReadValue(ref reader, reader.ValueSpan);
        parser._end = reader.Position;
        return parser.Build();
    }

    /// <summary>Parses an info dictionary alone, with the rest from a magnet link, and the piece layers if known.</summary>
    public static Torrent ParseInfo(ReadOnlyMemory<byte> info, MagnetLink? magnet, ReadOnlyMemory<byte> pieceLayers = default)
    {
        if (info.Length > MetainfoLimits.TorrentBytes)
            throw new TorrentException(TorrentErrorId.InvalidTorrent, $"The info dictionary has {info.Length} bytes, more than the {MetainfoLimits.TorrentBytes} allowed (byte {MetainfoLimits.TorrentBytes})");
        var parser = new TorrentParser(info) { _pieceLayers = pieceLayers };
        var reader = new BencodeReader(info.Span, MetainfoLimits.Reader);
        reader.Read();
        if (reader.TokenType != BencodeTokenType.StartDictionary)
            throw MetainfoFault.Invalid("info", "is not a dictionary", 0);
        parser._info = InfoDictionary.Read(ref reader);
        reader.Read();
        if (magnet is not null)
        {
            parser._announceList = [.. magnet.Trackers.Select(uri => new List<string> { uri.OriginalString })];
            parser._webSeeds = [.. magnet.WebSeeds];
            parser._link = magnet;
        }
        return parser.Build();
    }

    private void ReadValue(ref BencodeReader reader, ReadOnlySpan<byte> key)
    {
        if (key.SequenceEqual("info"u8) && _info is null)
        {
            reader.Read();
            if (reader.TokenType != BencodeTokenType.StartDictionary)
                throw MetainfoFault.Invalid("info", "is not a dictionary", reader.TokenStart);
            _info = InfoDictionary.Read(ref reader);
        }
        else if (key.SequenceEqual("announce"u8) && _announce is null)
            _announce = MetainfoToken.OptionalString(ref reader);
        else if (key.SequenceEqual("announce-list"u8) && _announceList is null)
            _announceList = MetainfoAddresses.ReadTiers(ref reader);
        else if (key.SequenceEqual("url-list"u8) && _webSeeds is null)
            _webSeeds = MetainfoAddresses.ReadWebSeeds(ref reader);
        else if (key.SequenceEqual("httpseeds"u8) && _httpSeeds is null)
            _httpSeeds = MetainfoAddresses.ReadWebSeeds(ref reader);
        else if (key.SequenceEqual("nodes"u8) && _nodes is null)
            _nodes = MetainfoAddresses.ReadNodes(ref reader);
        else if (key.SequenceEqual("comment"u8) && _comment is null)
            _comment = MetainfoToken.OptionalString(ref reader);
        else if (key.SequenceEqual("comment.utf-8"u8) && _commentUtf8 is null)
            _commentUtf8 = MetainfoToken.OptionalString(ref reader);
        else if (key.SequenceEqual("created by"u8) && _createdBy is null)
            _createdBy = MetainfoToken.OptionalString(ref reader);
        else if (key.SequenceEqual("creation date"u8) && _creationDate is null)
            _creationDate = MetainfoToken.OptionalInteger(ref reader);
        else if (key.SequenceEqual("encoding"u8) && _encoding is null)
            _encoding = MetainfoToken.OptionalString(ref reader);
        else if (key.SequenceEqual("piece layers"u8) && _pieceLayers.IsEmpty)
            ReadPieceLayers(ref reader);
        else if (key.SequenceEqual("similar"u8))
            _hints.ReadSimilar(ref reader);
        else if (key.SequenceEqual("collections"u8))
            _hints.ReadCollections(ref reader);
        else
            reader.Skip();
    }

    private void ReadPieceLayers(ref BencodeReader reader)
    {
        reader.Read();
        int start = reader.TokenStart;
        bool isDictionary = reader.TokenType == BencodeTokenType.StartDictionary;
        reader.Skip();
        if (!isDictionary)
            return;
        (_pieceLayers, _pieceLayersStart) = (_data[start..reader.Position], start);
    }

    private Torrent Build()
    {
        if (_info is null)
            throw MetainfoFault.Missing("info", 0);
        var text = new MetainfoText(_encoding is { } encoding ? Encoding.Latin1.GetString(Bytes(encoding)) : null);
        TorrentContent content = TorrentContent.Read(_data, _info, text);
        return new Torrent
        {
            Name = content.Name,
            InfoHash = content.InfoHash,
            Version = content.Version,
            PieceLength = content.PieceLength,
            Length = content.Length,
            PieceCount = content.PieceCount,
            Files = content.Files,
            IsSingleFile = content.IsSingleFile,
            PieceHashes = content.PieceHashes,
            PieceRoots = content.PieceRoots,
            PieceLayers = _pieceLayers,
            FileLayers = content.PieceRoots is { } roots ? PieceLayerReader.Read(_pieceLayers, _pieceLayersStart, content.Files, roots, content.PieceLength) : null,
            InfoBytes = _data[_info.Start.._info.End],
            FileBytes = _data[.._end],
            Link = _link,
            Trackers = MetainfoAddresses.Trackers(_announceList, _announce is { } announce ? Bytes(announce) : default),
            WebSeeds = _webSeeds?.ToArray() ?? [],
            HttpSeeds = _httpSeeds?.ToArray() ?? [],
            Nodes = _nodes?.ToArray() ?? [],
            Similar = [.. _info.Hints.Similar.Union(_hints.Similar)],
            Collections = [.. _info.Hints.Collections.Union(_hints.Collections)],
            IsPrivate = _info.Private is { Value: not 0 },
            Comment = (_commentUtf8 ?? _comment) is { } comment ? text.Read(Bytes(comment)) : null,
            CreatedBy = _createdBy is { } createdBy ? text.Read(Bytes(createdBy)) : null,
            CreationDate = _creationDate is { Value: >= 0 and <= 253402300799 } date ? DateTimeOffset.FromUnixTimeSeconds(date.Value) : null,
            Source = _info.Source is { } source ? text.Read(Bytes(source)) : null,
        };
    }

    private ReadOnlySpan<byte> Bytes(MetainfoString value) => _data.Span.Slice(value.Start, value.Length);
}
