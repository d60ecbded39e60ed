using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Metainfo;

/// <summary>A byte string in the data: the offset of its token, and the position of its bytes.</summary>
internal readonly record struct MetainfoString(int Offset, int Start, int Length);

/// <summary>An integer in the data, and the offset of its token.</summary>
internal readonly record struct MetainfoInteger(int Offset, long Value);

/// <summary>An entry of the v1 file list; its path is read later, when the torrent's name is known.</summary>
internal readonly record struct MetainfoFile(int Offset, long Length, int Path, int PathUtf8, bool IsPadding)
{
    /// <summary>Whether the file is a symbolic link (BEP 47).</summary>
    public bool IsLink { get; init; }

    /// <summary>The offset of the list with the link's target; -1 for none.</summary>
    public int LinkPath { get; init; }
}

/// <summary>
/// The keys of an info dictionary, before they are checked as a whole. Of a duplicate key the first counts, as in other clients.
/// </summary>
internal sealed class InfoDictionary
{
    private InfoDictionary()
    {
    }

    public int Start { get; private init; }

    public int End { get; private set; }

    public MetainfoString? Name { get; private set; }

    public MetainfoString? NameUtf8 { get; private set; }

    public MetainfoString? Pieces { get; private set; }

    public MetainfoString? Source { get; private set; }

    public MetainfoInteger? PieceLength { get; private set; }

    public MetainfoInteger? Length { get; private set; }

    public MetainfoInteger? MetaVersion { get; private set; }

    public MetainfoInteger? Private { get; private set; }

    public List<MetainfoFile>? Files { get; private set; }

    public MetainfoHints Hints { get; } = new();

    /// <summary>The offset of the file list.</summary>
    public int FilesOffset { get; private set; }

    /// <summary>The offset of the v2 file tree, or -1.</summary>
    public int FileTree { get; private set; } = -1;

    /// <summary>The offset of a value of another type in place of the file tree, or -1.</summary>
    public int WrongFileTree { get; private set; } = -1;

    /// <summary>Reads the dictionary that the reader is at, to its end.</summary>
    public static InfoDictionary Read(ref BencodeReader reader)
    {
        var info = new InfoDictionary { Start = reader.TokenStart };
        while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
            info.ReadValue(ref reader, reader.ValueSpan);
        info.End = reader.Position;
        return info;
    }

    private void ReadValue(ref BencodeReader reader, ReadOnlySpan<byte> key)
    {
        if (key.SequenceEqual("name"u8) && Name is null)
            Name = MetainfoToken.String(ref reader, "info.name");
        else if (key.SequenceEqual("name.utf-8"u8) && NameUtf8 is null)
            NameUtf8 = MetainfoToken.OptionalString(ref reader);
        else if (key.SequenceEqual("piece length"u8) && PieceLength is null)
            PieceLength = MetainfoToken.Integer(ref reader, "info.piece length");
        else if (key.SequenceEqual("pieces"u8) && Pieces is null)
            Pieces = MetainfoToken.String(ref reader, "info.pieces");
        else if (key.SequenceEqual("length"u8) && Length is null)
            Length = MetainfoToken.Integer(ref reader, "info.length");
        else if (key.SequenceEqual("files"u8) && Files is null)
            ReadFiles(ref reader);
        else if (key.SequenceEqual("file tree"u8) && FileTree < 0)
            ReadFileTree(ref reader);
        else if (key.SequenceEqual("meta version"u8) && MetaVersion is null)
            MetaVersion = MetainfoToken.OptionalInteger(ref reader);
        else if (key.SequenceEqual("private"u8) && Private is null)
            Private = MetainfoToken.OptionalInteger(ref reader);
        else if (key.SequenceEqual("source"u8) && Source is null)
            Source = MetainfoToken.OptionalString(ref reader);
        else if (key.SequenceEqual("similar"u8))
            Hints.ReadSimilar(ref reader);
        else if (key.SequenceEqual("collections"u8))
            Hints.ReadCollections(ref reader);
        else
            reader.Skip();
    }

    private void ReadFileTree(ref BencodeReader reader)
    {
        reader.Read();
        if (reader.TokenType == BencodeTokenType.StartDictionary)
            FileTree = reader.TokenStart;
        else
            WrongFileTree = reader.TokenStart;
        reader.Skip();
    }

    private void ReadFiles(ref BencodeReader reader)
    {
        reader.Read();
        FilesOffset = reader.TokenStart;
        if (reader.TokenType != BencodeTokenType.StartList)
            throw MetainfoFault.Invalid("info.files", "is not a list", reader.TokenStart);
        Files = [];
        while (reader.Read() && reader.TokenType != BencodeTokenType.EndList)
        {
            if (reader.TokenType != BencodeTokenType.StartDictionary)
                throw MetainfoFault.Invalid($"info.files[{Files.Count}]", "is not a dictionary", reader.TokenStart);
            Files.Add(ReadFile(ref reader, Files.Count));
        }
    }

    private static MetainfoFile ReadFile(ref BencodeReader reader, int index)
    {
        int offset = reader.TokenStart;
        MetainfoInteger? length = null;
        int path = -1;
        int pathUtf8 = -1;
        bool isPadding = false;
        bool isLink = false;
        int linkPath = -1;
        while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
        {
            ReadOnlySpan<byte> key = reader.ValueSpan;
            if (key.SequenceEqual("length"u8) && length is null)
            {
                reader.Read();
                if (reader.TokenType != BencodeTokenType.Integer)
                    throw MetainfoFault.Invalid($"info.files[{index}].length", "is not an integer", reader.TokenStart);
                length = new MetainfoInteger(reader.TokenStart, reader.GetInt64());
            }
            else if (key.SequenceEqual("path"u8) && path < 0)
            {
                reader.Read();
                if (reader.TokenType != BencodeTokenType.StartList)
                    throw MetainfoFault.Invalid($"info.files[{index}].path", "is not a list", reader.TokenStart);
                path = SkipList(ref reader);
            }
            else if (key.SequenceEqual("path.utf-8"u8) && pathUtf8 < 0)
            {
                reader.Read();
                pathUtf8 = SkipList(ref reader);
            }
            else if (key.SequenceEqual("attr"u8))
            {
                reader.Read();
                isPadding |= reader.TokenType == BencodeTokenType.String && reader.ValueSpan.Contains((byte)'p');
                isLink |= reader.TokenType == BencodeTokenType.String && reader.ValueSpan.Contains((byte)'l');
                reader.Skip();
            }
            else if (key.SequenceEqual("symlink path"u8) && linkPath < 0)
            {
                linkPath = LinkTarget.Skip(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
        // A symbolic link (BEP 47) has no data. It is kept as an empty file: a link could lead anywhere.
        if (isLink)
            return new MetainfoFile(offset, 0, path, pathUtf8, isPadding) { IsLink = true, LinkPath = linkPath };
        if (length is not { } found)
            throw MetainfoFault.Missing($"info.files[{index}].length", offset);
        if (found.Value is < 0 or > MetainfoLimits.FileLength)
            throw MetainfoFault.Invalid($"info.files[{index}].length", $"is {found.Value}, which no file has", found.Offset);
        return new MetainfoFile(offset, found.Value, path, pathUtf8, isPadding);
    }

    // Returns the offset of the list, or -1 if the value is not a list; skips it in any case.
    private static int SkipList(ref BencodeReader reader)
    {
        int offset = reader.TokenType == BencodeTokenType.StartList ? reader.TokenStart : -1;
        reader.Skip();
        return offset;
    }
}
