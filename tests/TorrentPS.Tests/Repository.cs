using System.Management.Automation;
using System.Reflection;
using TorrentPS.Commands;

namespace TorrentPS.Tests;

/// <summary>
/// The files and cmdlets that the tests of pages, views and lists compare. Attributes are read as data, since these tests are built with a reference assembly of
/// PowerShell, which has no code.
/// </summary>
internal static class Repository
{
    /// <summary>The folder with the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The cmdlets by their names.</summary>
    public static IReadOnlyDictionary<string, Type> Cmdlets { get; } = typeof(TorrentCommand).Assembly.GetExportedTypes()
        .Where(type => Attributes<CmdletAttribute>(type).Any())
        .ToDictionary(NameOf);

    /// <summary>Our own output types, except jobs: these have their views through the classes behind them.</summary>
    public static IReadOnlyList<Type> OutputTypes { get; } =
        [.. Cmdlets.Values.SelectMany(OutputsOf).Where(type => type.Namespace == nameof(TorrentPS)).Distinct().OrderBy(type => type.Name)];

    public static string File(params string[] parts) => Path.Combine([Root, .. parts]);

    public static string Page(string name) => System.IO.File.ReadAllText(File("docs", "en-US", $"{name}.md")).ReplaceLineEndings("\n");

    public static IEnumerable<Type> OutputsOf(Type cmdlet) =>
        Attributes<OutputTypeAttribute>(cmdlet).SelectMany(attribute => attribute.ConstructorArguments).SelectMany(Values).OfType<Type>();

    public static IEnumerable<CustomAttributeData> Attributes<T>(MemberInfo member)
        where T : Attribute => member.GetCustomAttributesData().Where(attribute => attribute.AttributeType == typeof(T));

    /// <summary>The value of a named argument of an attribute; null if it is absent.</summary>
    public static object? Named(CustomAttributeData attribute, string name) =>
        attribute.NamedArguments.FirstOrDefault(argument => argument.MemberName == name).TypedValue.Value;

    public static IEnumerable<object?> Values(CustomAttributeTypedArgument argument) => argument.Value is IEnumerable<CustomAttributeTypedArgument> many
        ? many.SelectMany(Values)
        : [argument.Value];

    private static string NameOf(Type cmdlet) => string.Join('-', Attributes<CmdletAttribute>(cmdlet).Single().ConstructorArguments.Select(argument => argument.Value));

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !System.IO.File.Exists(Path.Combine(folder, "TorrentPS.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new DirectoryNotFoundException("TorrentPS.sln is in no folder above the tests.");
    }
}
