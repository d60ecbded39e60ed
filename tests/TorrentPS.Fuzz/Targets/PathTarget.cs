using System.Text;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>Names and paths: lines of text, each a path with tabs between its parts.</summary>
internal sealed class PathTarget : FuzzTarget
{
    public override string Name => "paths";

    public override string Description => "names in torrents made into paths, and those that clash kept apart";

    public override IReadOnlyList<byte[]> Seeds { get; } =
        [.. ((string[])["a\tb.txt\nA\tb\nc", "é\ne\u0301\nCON\ncon.txt", "ﬁle\nfile\n가\n\u1100\u1161", "a\na\tb\na (1)\n..\n.\n\n \t\u202e"]).Select(Encoding.UTF8.GetBytes)];

    public override InputShape Shape => InputShape.Text;

    public override IReadOnlyList<string> Words => [.. ((string[])["..", "CON", "NUL.x", "\u0301", "\u0323", "ß", "\u00ad", "C:", "\\\\", "/", "\t", "\n", "\U0002f800", "한", "\u202e", " (1)", "."]).Select(word => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(word)))];

    public override long MaxAllocated(int length) => (1 << 20) + 2048L * length;

    public override int Try(byte[] input)
    {
        string?[] paths = Encoding.UTF8.GetString(input).Split('\n');
        int refused = 0;
        try
        {
            for (int i = 0; i < paths.Length; i++)
            {
                var path = new PathBuffer();
                path.Append("T");
                string[] parts = paths[i]!.Split('\t');
                bool isRefused = parts.Length > MetainfoLimits.DirectoryDepth; // as the reader of torrents ensures
                for (int part = 0; part < parts.Length && !isRefused; part++)
                    isRefused = PathSanitizer.Append(path, parts[part], part == parts.Length - 1) is not null;
                isRefused |= path.Length > MetainfoLimits.PathBytes;
                paths[i] = isRefused ? null : path.ToString();
                refused += isRefused ? 1 : 0;
            }

            string?[] before = [.. paths];
            PathClashes.Resolve(paths);
            var keys = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            for (int i = 0; i < paths.Length; i++)
            {
                if (paths[i] is not { } path)
                    continue;
                CheckSafe(path);
                Require(keys.Add(PathKey.Of(path)), "two files are in one place");
                Require(before[i] is not null, "a path was made of none");
            }

            return HashCode.Combine(Math.Min(refused, 3), before.AsSpan().SequenceEqual(paths));
        }
        catch (TorrentException e) when (e.ErrorId == TorrentErrorId.UnsafePath)
        {
            return 1;
        }
    }

    public static void CheckSafe(string path)
    {
        foreach (string part in path.Split('/'))
        {
            Require(part is not ("" or "." or "..") && part[^1] is not ('.' or ' '), $"a path has the part '{part}'");
            Require(Encoding.UTF8.GetByteCount(part) <= MetainfoLimits.ComponentBytes, "a name is too long");
            foreach (char c in part)
                Require(!char.IsControl(c) && !PathSanitizer.IsInvisible(c) && "<>:\"|?*\\".IndexOf(c, StringComparison.Ordinal) < 0, "a name has a character that some system cannot have");
        }
    }
}
