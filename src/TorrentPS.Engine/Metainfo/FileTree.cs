using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Metainfo;

/// <summary>
/// A file of a v2 torrent: <paramref name="Root"/> is the root of its merkle tree, absent for an empty file; <paramref name="LinkTarget"/> is the target of a symbolic
/// link (BEP 47).
/// </summary>
internal readonly record struct TreeFile(string Path, long Length, MetainfoString? Root, string? LinkTarget = null);

/// <summary>The file tree of a v2 torrent (BEP 52, "file tree"): nested dictionaries of folders, with each file under an empty key.</summary>
internal sealed class FileTree
{
    private const string Key = "info.file tree";

    private readonly ReadOnlyMemory<byte> _data;
    private readonly int _start;
    private readonly MetainfoText _text;
    private readonly PathBuffer _path = new();
    private readonly List<TreeFile> _files = [];
    private long _characters;

    private FileTree(ReadOnlyMemory<byte> data, int start, MetainfoText text) => (_data, _start, _text) = (data, start, text);

    /// <summary>Reads the files in order.</summary>
    /// <param name="data">The data that contains the tree.</param>
    /// <param name="start">The offset of the tree.</param>
    /// <param name="text">Decodes names.</param>
    /// <param name="folder">The prefix of every path; empty for none.</param>
    public static List<TreeFile> Read(ReadOnlyMemory<byte> data, int start, MetainfoText text, string folder)
    {
        var tree = new FileTree(data, start, text);
        tree._path.Append(folder);
        tree.Walk();
        if (tree._files.Count == 0)
            throw MetainfoFault.Invalid(Key, "has no files", start);
        return tree._files;
    }

    /// <summary>Whether the tree is one file without a folder.</summary>
    public static bool IsSingleFile(ReadOnlyMemory<byte> data, int start)
    {
        var reader = new BencodeReader(data.Span[start..], MetainfoLimits.PartReader);
        reader.Read();
        reader.Read();
        if (reader.TokenType != BencodeTokenType.Key)
            return false;
        reader.Read();
        if (reader.TokenType != BencodeTokenType.StartDictionary)
            return false;
        reader.Read();
        if (!reader.ValueIsKey(""u8))
            return false;
        reader.Skip();
        return reader.Read() && reader.TokenType == BencodeTokenType.EndDictionary
            && reader.Read() && reader.TokenType == BencodeTokenType.EndDictionary;
    }

    // A loop, not a recursion: the author of the torrent determines the depth.
    private void Walk()
    {
        var reader = new BencodeReader(_data.Span[_start..], MetainfoLimits.PartReader);
        ReadOnlySpan<byte> tree = _data.Span[_start..];
        var folders = new Stack<(int PathLength, Range Name)>();
        Range before = default;
        reader.Read();
        reader.Read();
        while (true)
        {
            if (reader.TokenType == BencodeTokenType.EndDictionary)
            {
                if (folders.Count == 0)
                    return;
                (int length, before) = folders.Pop();
                _path.CutBack(length);
                reader.Read();
                continue;
            }
            ReadOnlySpan<byte> name = reader.ValueSpan;
            int offset = _start + reader.TokenStart;
            if (name.IsEmpty)
                throw MetainfoFault.Invalid(Key, "has an empty name beside others", offset);
            CheckOrder(tree[before], name, offset);
            Range current = (reader.Position - name.Length)..reader.Position;
            reader.Read();
            if (reader.TokenType != BencodeTokenType.StartDictionary)
                throw MetainfoFault.Invalid(Key, "has a name that leads to no dictionary", _start + reader.TokenStart);
            folders.Push((_path.Length, current));
            before = default;
            if (folders.Count > MetainfoLimits.DirectoryDepth)
                throw MetainfoFault.Invalid(Key, $"has folders more than {MetainfoLimits.DirectoryDepth} deep in each other", offset);
            reader.Read();
            bool isFile = reader.ValueIsKey(""u8);
            if (_text.AppendTo(_path, name, isFile) is { } refusal)
                throw MetainfoFault.Unsafe(Key, _text.Read(name), refusal, offset);
            if (isFile)
                AddFile(ref reader, offset);
        }
    }

    // From the empty key to the end of its dictionary.
    private void AddFile(ref BencodeReader reader, int nameOffset)
    {
        reader.Read();
        int offset = _start + reader.TokenStart;
        if (reader.TokenType != BencodeTokenType.StartDictionary)
            throw MetainfoFault.Invalid(Key, "has a file that is not a dictionary", offset);
        MetainfoInteger? length = null;
        MetainfoString? root = null;
        bool isLink = false;
        int linkPath = -1;
        ReadOnlySpan<byte> before = default;
        while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
        {
            ReadOnlySpan<byte> key = reader.ValueSpan;
            CheckOrder(before, key, _start + reader.TokenStart);
            before = key;
            if (key.SequenceEqual("length"u8))
                length = MetainfoToken.OptionalInteger(ref reader);
            else if (key.SequenceEqual("pieces root"u8))
                root = MetainfoToken.OptionalString(ref reader);
            else if (key.SequenceEqual("attr"u8))
                isLink = ReadAttributes(ref reader);
            else if (key.SequenceEqual("symlink path"u8) && linkPath < 0)
                linkPath = LinkTarget.Skip(ref reader) is >= 0 and var start ? _start + start : -1;
            else
                reader.Skip();
        }
        reader.Read();
        if (reader.TokenType != BencodeTokenType.EndDictionary)
            throw MetainfoFault.Invalid(Key, "has a file that is a folder too", _start + reader.TokenStart);

        string path = FilePaths.Finish(_path, Key, nameOffset);
        _characters += path.Length;
        if (_characters > MetainfoLimits.PathCharacters)
            throw MetainfoFault.Invalid(Key, "has paths that are too long together", nameOffset);
        _files.Add(isLink ? new TreeFile(path, 0, null, LinkTarget.Read(_data.Span, linkPath, _text)) : Check(path, length, root, offset));
    }

    // Whether the file is a symbolic link.
    private bool ReadAttributes(ref BencodeReader reader)
    {
        int offset = _start + reader.TokenStart;
        if (MetainfoToken.OptionalString(ref reader) is not { } value)
            return false;
        ReadOnlySpan<byte> attributes = _data.Span.Slice(_start + value.Start, value.Length);
        // BEP 52, "file tree": each file begins a piece, so no padding is needed.
        if (attributes.Contains((byte)'p'))
            throw MetainfoFault.Invalid(Key, "has a file that is padding", offset);
        return attributes.Contains((byte)'l');
    }

    // Sorted keys ensure that the same files have one info hash.
    private static void CheckOrder(ReadOnlySpan<byte> before, ReadOnlySpan<byte> key, int offset)
    {
        if (!before.IsEmpty && before.SequenceCompareTo(key) >= 0)
            throw MetainfoFault.Invalid(Key, before.SequenceEqual(key) ? "has a key twice" : "has keys that are not in order", offset);
    }

    private TreeFile Check(string path, MetainfoInteger? length, MetainfoString? root, int offset)
    {
        if (length is not { } found)
            throw MetainfoFault.Missing($"{Key}.length", offset);
        if (found.Value is < 0 or > MetainfoLimits.FileLength)
            throw MetainfoFault.Invalid($"{Key}.length", $"is {found.Value}, which no file has", _start + found.Offset);
        if (found.Value == 0)
            return new TreeFile(path, 0, null);
        if (root is not { } bytes)
            throw MetainfoFault.Missing($"{Key}.pieces root", offset);
        if (bytes.Length != InfoHash.V2Length)
            throw MetainfoFault.Invalid($"{Key}.pieces root", $"has {bytes.Length} bytes instead of {InfoHash.V2Length}", _start + bytes.Offset);
        if (!_data.Span.Slice(_start + bytes.Start, bytes.Length).ContainsAnyExcept((byte)0))
            throw MetainfoFault.Invalid($"{Key}.pieces root", "is of zeros, which no data has", _start + bytes.Offset);
        return new TreeFile(path, found.Value, new MetainfoString(_start + bytes.Offset, _start + bytes.Start, bytes.Length));
    }
}
