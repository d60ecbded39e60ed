using System.Management.Automation;
using TorrentPS.Commands;

namespace TorrentPS.Tests;

/// <summary>The files and the cmdlets that the tests of pages, views and lists compare.</summary>
internal static class Repository
{
    /// <summary>The folder with the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The cmdlets by their names.</summary>
    public static IReadOnlyDictionary<string, Type> Cmdlets { get; } = typeof(TorrentCommand).Assembly.GetExportedTypes()
        .Where(type => type.IsDefined(typeof(CmdletAttribute), inherit: false))
        .ToDictionary(NameOf);

    /// <summary>The types of our own that they write, jobs left out: these have their views by the classes behind them.</summary>
    public static IReadOnlyList<Type> OutputTypes { get; } =
    [
        .. Cmdlets.Values.SelectMany(OutputsOf).Where(type => type.Namespace == nameof(TorrentPS)).Distinct().OrderBy(type => type.Name),
    ];

    public static string File(params string[] parts) => Path.Combine([Root, .. parts]);

    public static string Page(string name) => System.IO.File.ReadAllText(File("docs", "en-US", $"{name}.md")).ReplaceLineEndings("\n");

    public static IEnumerable<Type> OutputsOf(Type cmdlet) =>
        cmdlet.GetCustomAttributes(typeof(OutputTypeAttribute), inherit: false).Cast<OutputTypeAttribute>().SelectMany(attribute => attribute.Type).Select(type => type.Type);

    private static string NameOf(Type cmdlet)
    {
        CmdletAttribute attribute = (CmdletAttribute)cmdlet.GetCustomAttributes(typeof(CmdletAttribute), inherit: false)[0];
        return $"{attribute.VerbName}-{attribute.NounName}";
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !System.IO.File.Exists(Path.Combine(folder, "TorrentPS.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new DirectoryNotFoundException("TorrentPS.sln is in no folder above the tests.");
    }
}
