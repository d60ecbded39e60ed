using System.Security.Cryptography;

namespace TorrentPS.Fuzz.Fuzzing;

/// <summary>Inputs that once broke a target. They are kept beside the sources and embedded in this program for the unit tests.</summary>
internal static class Regressions
{
    /// <summary>Their folder in the sources; null if the program was moved away from them.</summary>
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

    /// <summary>The names of all embedded inputs: the target, a slash, the file.</summary>
    public static IReadOnlyList<string> Names => [.. typeof(Regressions).Assembly.GetManifestResourceNames().Select(name => name.Replace('\\', '/')).Order(StringComparer.Ordinal)];

    public static byte[] Read(string name)
    {
        using Stream stream = typeof(Regressions).Assembly.GetManifestResourceStream(name) ?? typeof(Regressions).Assembly.GetManifestResourceStream(name.Replace('/', '\\'))
            ?? throw new ArgumentException($"There is no input '{name}'.", nameof(name));
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>Saves an input.</summary>
    /// <returns>The path of the file.</returns>
    public static string Write(string folder, string target, Fault fault, byte[] input)
    {
        string path = Path.Combine(folder, target, $"{fault.Kind}-{Convert.ToHexStringLower(SHA256.HashData(input).AsSpan(0, 4))}.bin");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, input);
        return path;
    }
}
