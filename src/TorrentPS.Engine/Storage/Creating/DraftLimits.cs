using System.Numerics;
using System.Text;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage.Creating;

/// <summary>Checks the limits on a torrent before hours are spent on hashing.</summary>
internal static class DraftLimits
{
    private const int ShownNames = 5;

    /// <summary>The requested piece length, if it is valid; otherwise the one for the size of the data.</summary>
    public static int PieceLength(int? asked, long length, string what)
    {
        int pieceLength = asked ?? TorrentBuilder.ChoosePieceLength(length);
        if (pieceLength is < TorrentBuilder.LeastPieceLength or > TorrentBuilder.GreatestPieceLength || !BitOperations.IsPow2(pieceLength))
            throw new TorrentException(TorrentErrorId.InvalidTorrent, $"Pieces of {pieceLength} bytes do not do for '{what}': give a power of two from 16 KiB to 256 MiB, or none to have it chosen.");
        return pieceLength;
    }

    /// <summary>The number of pieces, if it is within the limit. In a version 2 torrent, each non-empty file begins a piece.</summary>
    public static int PieceCount(TorrentDraft draft, string what)
    {
        long count = 0;
        if (draft.Version == TorrentVersion.V1)
            count = (draft.Length + draft.PieceLength - 1) / draft.PieceLength;
        foreach (InputFile file in draft.Version == TorrentVersion.V1 ? [] : draft.Files)
            count += (file.Length + draft.PieceLength - 1) / draft.PieceLength;
        if (count > MetainfoLimits.Pieces)
            throw new TorrentException(TorrentErrorId.InvalidTorrent, $"Pieces of {draft.PieceLength} bytes are too many for the {draft.Length} bytes in '{what}': a torrent has {MetainfoLimits.Pieces} at most; give longer ones, or none to have it chosen.");
        return (int)count;
    }

    /// <summary>Refuses names that clients refuse, and warns about names that are not valid on some system.</summary>
    public static void CheckPaths(TorrentDraft draft, List<string> warnings)
    {
        if (draft.Name.Contains('/'))
            throw new TorrentException(TorrentErrorId.UnsafePath, $"'{MetainfoFault.Show(draft.Name)}' is a path and no name; give a name without a slash.");
        PathBuffer path = new();
        string?[] paths = new string?[draft.FileCount];
        int length = Append(path, draft.Name, draft.IsSingleFile, draft.Name);
        for (int i = 0; i < paths.Length; i++)
        {
            InputFile file = draft.Files[i];
            path.CutBack(length);
            if (!draft.IsSingleFile)
                AppendParts(path, file);
            paths[i] = path.ToString();
        }

        PathClashes.Resolve(paths);
        List<string> changed = [];
        for (int i = 0; i < paths.Length; i++)
        {
            string wanted = draft.IsSingleFile ? draft.Name : $"{draft.Name}/{draft.Files[i].Path}";
            if (paths[i] != wanted)
                changed.Add($"'{MetainfoFault.Show(wanted)}' becomes '{MetainfoFault.Show(paths[i])}'");
        }

        if (changed.Count == 0)
            return;
        string more = changed.Count > ShownNames ? $" and {changed.Count - ShownNames} more" : "";
        warnings.Add($"Some systems do not allow these names, so downloads get other names, and the data must be renamed before it can be seeded: {string.Join(", ", changed.Take(ShownNames))}{more}.");
    }

    /// <summary>Refuses a torrent that would be larger than clients accept.</summary>
    public static void CheckLength(TorrentDraft draft)
    {
        // Besides the hashes: "d6:lengthi<digits>e4:pathl<parts>ee" for each file, and a little for the rest. In a file tree each file has its root, and perhaps a layer
        // below it; in a hybrid torrent padding as well.
        int hashes = (draft.Version == TorrentVersion.V2 ? 0 : InfoHash.V1Length) + (draft.Version == TorrentVersion.V1 ? 0 : InfoHash.V2Length);
        long perFile = draft.Version switch { TorrentVersion.V1 => 40, TorrentVersion.V2 => 150, _ => 250 };
        long length = (long)draft.PieceCount * hashes + 4096;
        if (!draft.IsSingleFile)
        {
            foreach (InputFile file in draft.Files)
                length += perFile + (Encoding.UTF8.GetByteCount(file.Path) + 3L * file.Path.AsSpan().Count('/')) * (draft.Version == TorrentVersion.Hybrid ? 2 : 1);
        }

        if (length > MetainfoLimits.TorrentBytes)
        {
            throw new TorrentException(TorrentErrorId.InvalidTorrent,
                $"The .torrent would have about {length} bytes for its {draft.PieceCount} pieces and {draft.FileCount} files, and clients read no more than {MetainfoLimits.TorrentBytes}: give longer pieces, or pack small files together.");
        }
    }

    private static void AppendParts(PathBuffer path, InputFile file)
    {
        ReadOnlySpan<char> rest = file.Path;
        for (int depth = 1; !rest.IsEmpty; depth++)
        {
            if (depth > MetainfoLimits.DirectoryDepth)
                throw new TorrentException(TorrentErrorId.UnsafePath, $"'{file.FullPath}' is more than {MetainfoLimits.DirectoryDepth} folders deep, which clients refuse; move it up, or exclude it.");
            int slash = rest.IndexOf('/');
            Append(path, slash < 0 ? rest : rest[..slash], slash < 0, file.FullPath);
            rest = slash < 0 ? default : rest[(slash + 1)..];
        }

        if (Encoding.UTF8.GetByteCount(path.Written) > MetainfoLimits.PathBytes)
            throw new TorrentException(TorrentErrorId.UnsafePath, $"The path of '{file.FullPath}' has more than {MetainfoLimits.PathBytes} bytes, which clients refuse; shorten it, or exclude it.");
    }

    private static int Append(PathBuffer path, ReadOnlySpan<char> part, bool isLast, string what)
    {
        if (PathSanitizer.Append(path, part, isLast) is { } refusal)
            throw new TorrentException(TorrentErrorId.UnsafePath, $"'{MetainfoFault.Show(what)}' has a name that clients refuse, because it {refusal}; rename it, or exclude it.");
        return path.Length;
    }
}
