using System.Security.Cryptography;

namespace TorrentPS.Engine.Metainfo;

/// <summary>The files, pieces and hashes of an info dictionary, checked for consistency.</summary>
internal sealed class TorrentContent
{
    private readonly ReadOnlyMemory<byte> _data;
    private readonly InfoDictionary _info;
    private readonly MetainfoText _text;

    private TorrentContent(ReadOnlyMemory<byte> data, InfoDictionary info, MetainfoText text) => (_data, _info, _text) = (data, info, text);

    public TorrentVersion Version { get; private set; }

    public InfoHash InfoHash { get; private set; }

    public string Name { get; private set; } = "";

    public int PieceLength { get; private set; }

    public int PieceCount { get; private set; }

    public long Length { get; private set; }

    public bool IsSingleFile { get; private set; }

    public TorrentFile[] Files { get; private set; } = [];

    public ReadOnlyMemory<byte> PieceHashes { get; private set; }

    /// <summary>The roots of the merkle trees by file; null for a v1 torrent.</summary>
    public ReadOnlyMemory<byte>[]? PieceRoots { get; private set; }

    public static TorrentContent Read(ReadOnlyMemory<byte> data, InfoDictionary info, MetainfoText text)
    {
        var content = new TorrentContent(data, info, text);
        content.ReadVersion();
        content.ReadPieceLength();
        content.ReadInfoHash();
        content.ReadName();
        if (content.Version == TorrentVersion.V2)
            content.ReadV2();
        else
            content.ReadV1();
        return content;
    }

    private void ReadVersion()
    {
        bool hasV1 = _info.Files is not null || _info.Length is not null;
        if (_info.MetaVersion is { Value: >= 2 } version)
        {
            if (version.Value > 2)
                throw MetainfoFault.Invalid("info.meta version", $"is {version.Value}; 1 and 2 are known", version.Offset);
            if (_info.FileTree < 0)
                throw _info.WrongFileTree < 0 ? MetainfoFault.Missing("info.file tree", _info.Start) : MetainfoFault.Invalid("info.file tree", "is not a dictionary", _info.WrongFileTree);
            Version = hasV1 ? TorrentVersion.Hybrid : TorrentVersion.V2;
            return;
        }
        if (!hasV1 && _info.FileTree >= 0)
            throw MetainfoFault.Missing("info.meta version", _info.Start);
        Version = TorrentVersion.V1;
    }

    private void ReadPieceLength()
    {
        if (_info.PieceLength is not { } length)
            throw MetainfoFault.Missing("info.piece length", _info.Start);
        if (length.Value is <= 0 or > MetainfoLimits.PieceLength)
            throw MetainfoFault.Invalid("info.piece length", $"is {length.Value}, not from 1 to {MetainfoLimits.PieceLength}", length.Offset);
        // BEP 52, "piece length".
        if (Version != TorrentVersion.V1 && (length.Value < MetainfoLimits.BlockLength || !long.IsPow2(length.Value)))
            throw MetainfoFault.Invalid("info.piece length", $"is {length.Value}, not a power of two of at least {MetainfoLimits.BlockLength}", length.Offset);
        PieceLength = (int)length.Value;
    }

    private void ReadInfoHash()
    {
        ReadOnlySpan<byte> bytes = _data.Span[_info.Start.._info.End];
        Span<byte> v1 = stackalloc byte[InfoHash.V1Length];
        Span<byte> v2 = stackalloc byte[InfoHash.V2Length];
        v1 = Version == TorrentVersion.V2 ? default : v1[..HashV1(bytes, v1)];
        v2 = Version == TorrentVersion.V1 ? default : v2[..SHA256.HashData(bytes, v2)];
        InfoHash = InfoHash.Create(v1, v2);
    }

#pragma warning disable CA5350 // BEP 3 names SHA-1.
    private static int HashV1(ReadOnlySpan<byte> bytes, Span<byte> hash) => SHA1.HashData(bytes, hash);
#pragma warning restore CA5350

    private void ReadName()
    {
        MetainfoString name = _info.NameUtf8 is { } utf8 && System.Text.Unicode.Utf8.IsValid(Bytes(utf8)) && utf8.Length > 0
            ? utf8
            : _info.Name ?? _info.NameUtf8 ?? throw MetainfoFault.Missing("info.name", _info.Start);
        ReadOnlySpan<byte> bytes = Bytes(name);
        if (bytes.Length == 0 || bytes is [(byte)'.'])
        {
            Name = InfoHash.ToString();
            return;
        }
        var path = new PathBuffer();
        if (_text.AppendTo(path, bytes, isLast: true) is { } refusal)
            throw MetainfoFault.Unsafe("info.name", _text.Read(bytes), refusal, name.Offset);
        Name = path.ToString();
    }

    private void ReadV1()
    {
        bool[] padding = [];
        string?[] paths;
        if (_info.Files is { } list)
        {
            if (list.Count == 0)
                throw MetainfoFault.Invalid("info.files", "is empty", _info.FilesOffset);
            (paths, padding) = ReadPaths(list);
        }
        else if (_info.Length is { } length)
        {
            if (length.Value is < 0 or > MetainfoLimits.FileLength)
                throw MetainfoFault.Invalid("info.length", $"is {length.Value}, which no file has", length.Offset);
            IsSingleFile = true;
            paths = [Name];
        }
        else
        {
            throw MetainfoFault.Missing("info.length", _info.Start);
        }

        var files = new TorrentFile[paths.Length];
        // The tree is compared by the names in the torrent, before clashes are resolved.
        List<TreeFile>? tree = Version == TorrentVersion.Hybrid ? ReadTree() : null;
        string?[] originals = tree is null ? [] : [.. paths];
        ResolveClashes(paths, padding);
        long offset = 0;
        for (int i = 0; i < files.Length; i++)
        {
            long length = _info.Files is { } entries ? entries[i].Length : _info.Length!.Value.Value;
            files[i] = new TorrentFile(paths[i]!, length, i, offset)
            {
                IsPadding = padding.Length > 0 && padding[i],
                LinkTarget = _info.Files?[i] is { IsLink: true } link ? LinkTarget.Read(_data.Span, link.LinkPath, _text) : null,
            };
            offset += length;
            CheckTotal(offset);
        }
        Files = files;
        Length = offset;
        PieceCount = CountPieces(offset);
        ReadPieceHashes();
        if (tree is not null)
            MatchTree(tree, originals);
    }

    private (string?[] Paths, bool[] Padding) ReadPaths(List<MetainfoFile> list)
    {
        var reader = new FilePaths(_data, _text, Name);
        var paths = new string?[list.Count];
        bool[] padding = new bool[list.Count];
        long characters = 0;
        for (int i = 0; i < paths.Length; i++)
        {
            string path = reader.Read(list[i], i, out padding[i]);
            characters += path.Length;
            if (characters > MetainfoLimits.PathCharacters)
                throw MetainfoFault.Invalid("info.files", "has paths that are too long together", list[i].Offset);
            paths[i] = path;
        }
        return (paths, padding);
    }

    private static void ResolveClashes(string?[] paths, bool[] padding)
    {
        if (paths.Length < 2)
            return;
        if (!padding.Contains(true))
        {
            PathClashes.Resolve(paths);
            return;
        }
        // Padding is never stored, so its names cannot clash.
        string?[] stored = [.. paths.Select((path, i) => padding[i] ? null : path)];
        PathClashes.Resolve(stored);
        for (int i = 0; i < paths.Length; i++)
            paths[i] = stored[i] ?? paths[i];
    }

    private void ReadPieceHashes()
    {
        if (_info.Pieces is not { } pieces)
            throw MetainfoFault.Missing("info.pieces", _info.Start);
        if (pieces.Length != (long)PieceCount * InfoHash.V1Length)
        {
            throw MetainfoFault.Invalid("info.pieces",
                $"has {pieces.Length} bytes, but {PieceCount} pieces need {(long)PieceCount * InfoHash.V1Length}", pieces.Offset);
        }
        PieceHashes = _data.Slice(pieces.Start, pieces.Length);
    }

    private List<TreeFile> ReadTree() => FileTree.Read(_data, _info.FileTree, _text, IsSingleFile ? "" : Name);

    // BEP 52, "Upgrade Path": both halves of a hybrid must describe the same files in the same order, each beginning a piece.
    private void MatchTree(List<TreeFile> tree, string?[] paths)
    {
        var roots = new ReadOnlyMemory<byte>[Files.Length];
        int next = 0;
        for (int i = 0; i < Files.Length; i++)
        {
            if (Files[i].IsPadding)
            {
                CheckPadding(i);
                continue;
            }
            bool isSame = next < tree.Count && tree[next].Length == Files[i].Length && tree[next].Path == paths[i]
                && (Files[i].Length == 0 || Files[i].Offset % PieceLength == 0);
            if (!isSame)
                throw MetainfoFault.Invalid("info.file tree", $"does not match file {i} of the v1 part", _info.FileTree);
            roots[i] = Root(tree[next++]);
        }
        if (next != tree.Count)
            throw MetainfoFault.Invalid("info.file tree", $"has {tree.Count} files, but the v1 part has {next}", _info.FileTree);
        PieceRoots = roots;
    }

    // BEP 52, "Upgrade Path": padding fills exactly the piece in which a file ends. The last file may have none.
    private void CheckPadding(int index)
    {
        long begun = Files[index].Offset % PieceLength;
        if (begun == 0 || Files[index].Length != PieceLength - begun)
        {
            throw MetainfoFault.Invalid($"info.files[{index}]", $"is padding of {Files[index].Length} bytes where {(begun == 0 ? "none belongs" : $"{PieceLength - begun} fill the piece")}",
                _info.Files?[index].Offset ?? _info.Start);
        }
    }

    private void ReadV2()
    {
        IsSingleFile = FileTree.IsSingleFile(_data, _info.FileTree);
        List<TreeFile> tree = ReadTree();
        string?[] paths = [.. tree.Select(file => file.Path)];
        ResolveClashes(paths, []);
        var files = new TorrentFile[tree.Count];
        var roots = new ReadOnlyMemory<byte>[tree.Count];
        long pieces = 0;
        for (int i = 0; i < files.Length; i++)
        {
            files[i] = new TorrentFile(paths[i]!, tree[i].Length, i, pieces * PieceLength) { LinkTarget = tree[i].LinkTarget };
            roots[i] = Root(tree[i]);
            pieces += (tree[i].Length + PieceLength - 1) / PieceLength;
            if (tree[i].Length > 0)
                Length = files[i].Offset + tree[i].Length;
            CheckTotal(Length);
        }
        PieceCount = CountPieces(Length);
        (Files, PieceRoots) = (files, roots);
    }

    private void CheckTotal(long length)
    {
        if (length > (long)MetainfoLimits.Pieces * PieceLength)
        {
            throw MetainfoFault.Invalid("info.piece length", $"is {PieceLength}, so that the files make more than {MetainfoLimits.Pieces} pieces",
                _info.PieceLength!.Value.Offset);
        }
    }

    private int CountPieces(long length) => (int)((length + PieceLength - 1) / PieceLength);

    private ReadOnlyMemory<byte> Root(TreeFile file) => file.Root is { } root ? _data.Slice(root.Start, root.Length) : default;

    private ReadOnlySpan<byte> Bytes(MetainfoString value) => _data.Span.Slice(value.Start, value.Length);
}
