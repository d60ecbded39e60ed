using TorrentPS.Engine.Errors;
using TorrentPS.Formatting;

namespace TorrentPS.Tests.Formatting;

public sealed class ErrorCategoryTests
{
    /// <summary>The table in docs/automation.md: its first column is the identifier, its third the category.</summary>
    [Fact]
    public void Categories_are_those_of_the_table()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "TorrentPS.sln")))
            folder = Path.GetDirectoryName(folder);
        Dictionary<string, string> documented = File.ReadLines(Path.Combine(folder!, "docs", "automation.md"))
            .SkipWhile(line => line != "## Every error").TakeWhile(line => line != "## Every case")
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries))
            .ToDictionary(row => row[0].Trim('`'), row => row[2]);
        Assert.Equal(Enum.GetValues<TorrentErrorId>().ToDictionary(id => $"{id}", id => $"{ErrorRecords.CategoryOf(id)}"), documented);
    }
}
