using System.Globalization;
using Spectre.Console;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Cli.Output;

/// <summary>The contents of a torrent, for people: a table on a terminal, aligned lines elsewhere. Long lists are cut, with a note.</summary>
internal static class TorrentReport
{
    private const int FilesShown = 20;
    private const int LinesShown = 10;
    private const int TextLength = 300;

    public static void Write(Terminal terminal, TorrentInfo torrent)
    {
        LineList lines = torrent.HasMetadata ? Lines(torrent) : LinesOfLink(torrent);
        if (terminal.IsOutTerminal)
            Draw(terminal, lines, torrent.Files);
        else
            terminal.WriteLines(Plain(lines, torrent.Files));
    }

    private static LineList Lines(TorrentInfo torrent)
    {
        var lines = new LineList();
        lines.Add("Name", torrent.Name);
        AddInfoHash(lines, torrent.InfoHashV1, torrent.InfoHashV2);
        lines.Add("Version", torrent.Version.ToString().ToLowerInvariant());
        lines.Add("Size", $"{Quantity.ExactSize(torrent.Length ?? 0)} in {Quantity.Count(torrent.FileCount, "file")}");
        lines.Add("Pieces", string.Create(CultureInfo.InvariantCulture, $"{torrent.PieceCount:N0} of {Quantity.Size(torrent.PieceLength)}"));
        lines.Add("Private", torrent.IsPrivate ? "yes: peers come from its trackers only" : null);
        lines.Add("Made", torrent.CreationDate?.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture));
        lines.Add("Made by", torrent.CreatedBy);
        lines.Add("Comment", torrent.Comment);
        lines.Add("Source", torrent.Source);
        lines.AddList("Trackers", TrackersByTier(torrent.Trackers));
        lines.AddList("Web seeds", Array.ConvertAll(torrent.WebSeeds, AddressText.Of));
        lines.AddList("DHT nodes", torrent.Nodes);
        return lines;
    }

    private static LineList LinesOfLink(TorrentInfo torrent)
    {
        var lines = new LineList();
        lines.Add("Name", torrent.Name);
        AddInfoHash(lines, torrent.InfoHashV1, torrent.InfoHashV2);
        lines.Add("Size", torrent.Length is { } length ? Quantity.ExactSize(length) : null);
        lines.AddList("Trackers", TrackersByTier(torrent.Trackers));
        lines.AddList("Web seeds", Array.ConvertAll(torrent.WebSeeds, AddressText.Of));
        lines.AddList("Peers", MagnetLink.Parse(torrent.MagnetUri).Peers);
        lines.Add("More", "only peers know; this is what the link says");
        return lines;
    }

    private static void AddInfoHash(LineList lines, string? v1, string? v2)
    {
        lines.Add("Info hash", v1);
        lines.Add("Info hash v2", v2);
    }

    private static List<string> TrackersByTier(Uri[][] tiers)
    {
        var lines = new List<string>();
        for (int tier = 0; tier < tiers.Length; tier++)
        {
            foreach (Uri tracker in tiers[tier])
                lines.Add(tiers.Length == 1 ? AddressText.Of(tracker) : string.Create(CultureInfo.InvariantCulture, $"{tier + 1}: {AddressText.Of(tracker)}"));
        }
        return lines;
    }

    private static string Text(string value) => SafeText.Shorten(value, TextLength);

    private static string More(int count) => string.Create(CultureInfo.InvariantCulture, $"… and {count:N0} more (--json shows all)");

    private static IEnumerable<string> Plain(LineList lines, IReadOnlyList<TorrentFile> files)
    {
        foreach ((string label, string value) in lines)
            yield return $"{(label.Length > 0 ? label + ":" : ""),-14}{value}";
        if (files.Count == 0)
            yield break;
        yield return "Files:";
        foreach (TorrentFile file in files.Take(FilesShown))
            yield return $"  {Quantity.Size(file.Length),10}  {Text(file.Path)}";
        if (files.Count > FilesShown)
            yield return $"  {More(files.Count - FilesShown)}";
    }

    private static void Draw(Terminal terminal, LineList lines, IReadOnlyList<TorrentFile> files)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Out) });
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn();
        foreach ((string label, string value) in lines)
            grid.AddRow(new Text(label, new Style(decoration: Decoration.Dim)), new Text(value, label == "Name" ? new Style(decoration: Decoration.Bold) : Style.Plain));
        console.Write(grid);
        if (files.Count == 0)
            return;

        Table table = new Table().Border(TableBorder.Rounded).BorderStyle(new Style(decoration: Decoration.Dim))
            .AddColumn(new TableColumn(new Text("File")))
            .AddColumn(new TableColumn(new Text("Size")).RightAligned().NoWrap());
        foreach (TorrentFile file in files.Take(FilesShown))
            table.AddRow(new Text(Text(file.Path)), new Text(Quantity.Size(file.Length)));
        console.Write(table);
        if (files.Count > FilesShown)
            console.Write(new Text(More(files.Count - FilesShown) + Environment.NewLine, new Style(decoration: Decoration.Dim)));
    }

    /// <summary>Labels with their values, escaped and cut.</summary>
    private sealed class LineList : List<(string Label, string Value)>
    {
        public void Add(string label, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                Add((label, Text(value)));
        }

        public void AddList(string label, IReadOnlyList<string> values)
        {
            for (int i = 0; i < Math.Min(values.Count, LinesShown); i++)
                Add((i == 0 ? label : "", Text(values[i])));
            if (values.Count > LinesShown)
                Add(("", More(values.Count - LinesShown)));
        }
    }
}
