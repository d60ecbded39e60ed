using System.Text.RegularExpressions;
using Mono.Cecil;

namespace TorrentPS.Engine.Tests.Layers;

/// <summary>Compares the order of the engine's folders in docs/architecture.md with the compiled code.</summary>
public sealed partial class LayersTests
{
    private const string EngineNamespace = "TorrentPS.Engine";
    private const int MostFiles = 40;

    private static string EngineFolder => Path.Join(SecurityDefaultsTests.Root, "src", EngineNamespace);

    /// <summary>The namespaces, from the lowest up.</summary>
    private static List<string> Order
    {
        get
        {
            string text = File.ReadAllText(Path.Join(SecurityDefaultsTests.Root, "docs", "architecture.md"));
            return [.. Row().Matches(text).Select(row => NamespaceOf(row.Groups["folder"].Value))];
        }
    }

    /// <summary>Rows of the table: a folder with a slash at its end, or the root.</summary>
    [GeneratedRegex(@"^\| (?:`(?<folder>[A-Za-z/]+)/`|(?<folder>the root)) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    private static string NamespaceOf(string folder) => folder switch
    {
        "the root" => EngineNamespace,
        "Results" => "TorrentPS", // as the types named by users
        _ => $"{EngineNamespace}.{folder.Replace('/', '.')}",
    };

    [Fact]
    public void No_folder_uses_one_above_it()
    {
        List<string> order = Order;
        var references = TypeReferences.Of(typeof(TorrentClient).Assembly.Location).Where(one => IsOurs(one.Key.From) && IsOurs(one.Key.To)).ToList();
        Assert.InRange(references.Count, 1000, 10_000);
        IEnumerable<string> upwards = references.Where(one => order.IndexOf(one.Key.To.Namespace) > order.IndexOf(one.Key.From.Namespace))
            .Select(one => $"{one.Key.From.FullName} uses {one.Key.To.FullName} in {one.Value}");
        Assert.Equal([], upwards);
    }

    [Fact]
    public void Every_folder_is_in_the_order_once()
    {
        List<string> order = Order;
        IEnumerable<string> compiled = TypeReferences.Of(typeof(TorrentClient).Assembly.Location).Keys.SelectMany(one => new[] { one.From, one.To }).Where(IsOurs).Select(type => type.Namespace);
        Assert.Equal(order.Order(StringComparer.Ordinal), compiled.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Namespaces_follow_folders_and_no_folder_is_crowded()
    {
        var folders = Directory.EnumerateFiles(EngineFolder, "*.cs", SearchOption.AllDirectories)
            .Select(file => (Folder: Path.GetRelativePath(EngineFolder, Path.GetDirectoryName(file)!).Replace('\\', '/'), File: file))
            .Where(one => one.Folder.Split('/')[0] is not ("obj" or "bin"))
            .GroupBy(one => one.Folder, one => one.File).ToList();
        Assert.All(folders, folder =>
        {
            Assert.InRange(folder.Count(), 1, MostFiles);
            string expected = $"namespace {NamespaceOf(folder.Key == "." ? "the root" : folder.Key)};";
            Assert.All(folder, file => Assert.Contains(expected, File.ReadLines(file)));
        });
        Assert.InRange(folders.Count, 20, 60);
    }

    // Types without a namespace are the compiler's; the few for the runtime are in no layer.
    private static bool IsOurs(TypeDefinition type) => type.Namespace == "TorrentPS" || type.Namespace.StartsWith(EngineNamespace, StringComparison.Ordinal);
}
