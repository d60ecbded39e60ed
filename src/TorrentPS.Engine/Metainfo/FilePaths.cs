using System.Text;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Metainfo;

/// <summary>Reads the paths of the v1 file list.</summary>
internal sealed class FilePaths(ReadOnlyMemory<byte> data, MetainfoText text, string folder)
{
    // BitComet marks padding by name, from before BEP 47 introduced an attribute for it.
    private const string PaddingMark = "/_____padding_file_";

    private readonly PathBuffer _path = new();

    public string Read(MetainfoFile file, int index, out bool isPadding)
    {
        isPadding = file.IsPadding;
        _path.CutBack(0);
        _path.Append(folder);
        int list = file.PathUtf8 >= 0 && IsUtf8(file.PathUtf8) ? file.PathUtf8 : file.Path >= 0 ? file.Path : file.PathUtf8;
        if (list < 0 && file.IsPadding)
            return $"{folder}/.pad/{file.Length}";
        if (list < 0)
            throw MetainfoFault.Missing($"info.files[{index}].path", file.Offset);

        var reader = new BencodeReader(data.Span[list..], MetainfoLimits.PartReader);
        reader.Read();
        reader.Read();
        for (int depth = 0; reader.TokenType != BencodeTokenType.EndList; depth++)
        {
            int offset = list + reader.TokenStart;
            if (reader.TokenType != BencodeTokenType.String)
                throw MetainfoFault.Invalid($"info.files[{index}].path", "has a part that is not a string", offset);
            if (depth >= MetainfoLimits.DirectoryDepth)
                throw MetainfoFault.Invalid($"info.files[{index}].path", $"has more than {MetainfoLimits.DirectoryDepth} parts", offset);
            ReadOnlySpan<byte> component = reader.ValueSpan;
            reader.Read();
            if (text.AppendTo(_path, component, reader.TokenType == BencodeTokenType.EndList) is { } refusal)
                throw MetainfoFault.Unsafe($"info.files[{index}].path", text.Read(component), refusal, offset);
        }
        if (_path.Length == folder.Length)
            throw MetainfoFault.Invalid($"info.files[{index}].path", "is empty", list);
        isPadding |= _path.Written.Contains(PaddingMark, StringComparison.Ordinal);
        return Finish(_path, null, list, index);
    }

    /// <summary>The path as a string, unless it is too long for every file system.</summary>
    public static string Finish(PathBuffer path, string? key, int offset, int index = 0)
    {
        ReadOnlySpan<char> written = path.Written;
        if (written.Length > MetainfoLimits.PathBytes / 3 && Encoding.UTF8.GetByteCount(written) > MetainfoLimits.PathBytes)
            throw MetainfoFault.Unsafe(key ?? $"info.files[{index}].path", written, $"has more than {MetainfoLimits.PathBytes} bytes", offset);
        return path.ToString();
    }

    private bool IsUtf8(int list)
    {
        var reader = new BencodeReader(data.Span[list..], MetainfoLimits.PartReader);
        reader.Read();
        while (reader.Read() && reader.TokenType == BencodeTokenType.String)
        {
            if (!System.Text.Unicode.Utf8.IsValid(reader.ValueSpan))
                return false;
        }
        return reader.TokenType == BencodeTokenType.EndList && reader.Position > 2;
    }
}
