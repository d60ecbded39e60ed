using System.Security.Cryptography;

namespace TorrentPS.Fuzz.Fuzzing;

/// <summary>The inputs that broke something once. They are kept beside the sources, and are part of this program, so that the unit tests can try them.</summary>
internal static class Regressions
{
    /// <summary>The folder among the sources; null when the program was taken away from them.</summary>
    public static string? SourceFolder
    {
        get
        {
            for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "TorrentPS.sln")))
                    return Path.Combine(folder.FullName, "tests", "TorrentPS.Fuzz", "Regressions");
            }

            return null;
        }
    }

    /// <summary>The names of all that are part of this program: the target, a slash, the file.</summary>
    public static IReadOnlyList<string> Names => [.. typeof(Regressions).Assembly.GetManifestResourceNames().Select(name => name.Replace('\\', '/')).Order(StringComparer.Ordinal)];

    public static byte[] Read(string name)
    {
        using Stream stream = typeof(Regressions).Assembly.GetManifestResourceStream(name) ?? typeof(Regressions).Assembly.GetManifestResourceStream(name.Replace('/', '\\'))
            ?? throw new ArgumentException($"There is no input '{name}'.", nameof(name));
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>Keeps an input.</summary>
    /// <returns>Where.</returns>
    public static string Write(string folder, string target, Fault fault, byte[] input)
    {
        string path = Path.Combine(folder, target, $"{fault.Kind}-{Convert.ToHexStringLower(SHA256.HashData(input).AsSpan(0, 4))}.bin");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, input);
        return path;
    }
}
