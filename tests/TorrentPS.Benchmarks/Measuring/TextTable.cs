using System.Text;

namespace TorrentPS.Benchmarks.Measuring;

/// <summary>A table of text whose first column is left-aligned and the others right-aligned; plain, or as Markdown.</summary>
internal sealed class TextTable(params string[] heads)
{
    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells) => _rows.Add(cells);

    public string ToString(bool markdown)
    {
        int[] widths = [.. heads.Select((head, i) => _rows.Select(row => row[i].Length).Append(head.Length).Max())];
        var text = new StringBuilder();
        Append(text, heads, widths, markdown);
        if (markdown)
            Append(text, [.. widths.Select((width, i) => i == 0 ? new string('-', width) : new string('-', width - 1) + ":")], widths, markdown);
        foreach (string[] row in _rows)
            Append(text, row, widths, markdown);
        return text.ToString();
    }

    private static void Append(StringBuilder text, string[] cells, int[] widths, bool markdown)
    {
        IEnumerable<string> padded = cells.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]));
        text.AppendLine(markdown ? $"| {string.Join(" | ", padded)} |" : string.Join("  ", padded).TrimEnd());
    }
}
