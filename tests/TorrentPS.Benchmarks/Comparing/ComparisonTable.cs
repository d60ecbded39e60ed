using System.Globalization;
using System.Text;
using TorrentPS.Benchmarks.Measuring;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary>The runs as a table: medians over the rounds, and the comparison with torrentps, paired by round, as the median.</summary>
internal sealed class ComparisonTable(CompareOptions options, IReadOnlyList<ComparedClient> clients, ComparedClient source, IReadOnlyList<ClientRun> runs)
{
    /// <summary>The client's name in the floor's runs.</summary>
    public const string FloorName = "floor";

    /// <summary>Whether every run of every client succeeded.</summary>
    public bool IsComplete => runs.All(run => run.Problem is null);

    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(Title()).AppendLine().AppendLine(Machine.Description).AppendLine();
        var table = new TextTable("client", "wall s", "min-max", "exit s", "CPU s", "anonymous MiB", "wall ratio", "CPU ratio", "memory ratio");
        if (runs.Any(run => run.Client == FloorName))
            Add(table, FloorName, "floor: receive, hash, write");
        foreach (ComparedClient client in clients)
            Add(table, client.Name, $"{client.Name} {client.Version}");
        text.Append(table.ToString(options.Markdown)).AppendLine();
        text.AppendLine(options.IsSeeding
            ? "wall is from the downloader's start to completion, CPU and memory are the seeder's."
            : "wall is from the program's start to completion, announce included.");
        text.AppendLine("Ratios are torrentps / client, round by round, median: below 1 is better.");
        int disturbed = runs.Count(run => run.IsDisturbed);
        if (disturbed > 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"{disturbed} of {runs.Count} runs were disturbed by other programs: measure again on a quiet machine before relying on this.");
        foreach (ClientRun run in runs.Where(run => run.Problem is not null))
            text.AppendLine(CultureInfo.InvariantCulture, $"{run.Client}, round {run.Round}: {run.Problem}");
        return text.ToString();
    }

    private string Title()
    {
        string what = options.IsSeeding ? $"seeding to {source.Name}" : $"download from {options.Seeders} {source.Name} seeder{(options.Seeders == 1 ? "" : "s")}";
        string way = options.Delay > TimeSpan.Zero ? $"a round trip of {options.Delay.TotalMilliseconds:0} ms away" : "on loopback";
        return $"{ByteSize.Show(options.Size)} in pieces of {ByteSize.Show(options.PieceLength)}, {what} {way}, to {options.Destination ?? "memory"}, encryption {options.Encryption.ToString().ToLowerInvariant()}, {options.Rounds} rounds, medians";
    }

    private void Add(TextTable table, string name, string shown)
    {
        ClientRun[] good = [.. runs.Where(run => run.Client == name && run.Problem is null)];
        if (good.Length == 0)
        {
            table.Add(shown, "failed", "-", "-", "-", "-", "-", "-", "-");
            return;
        }

        table.Add(
            shown,
            Statistics.ShowMedian(good.Select(run => run.Seconds)),
            $"{Statistics.Show(good.Min(run => run.Seconds))}-{Statistics.Show(good.Max(run => run.Seconds))}",
            Statistics.ShowMedian(good.Select(run => run.ExitSeconds).OfType<double>()),
            Statistics.ShowMedian(good.Select(run => run.CpuSeconds)),
            Statistics.ShowMedian(good.Select(run => run.AnonymousBytes / Statistics.MiB).OfType<double>(), 0),
            Ratio(good, run => run.Seconds),
            Ratio(good, run => run.CpuSeconds),
            Ratio(good, run => run.AnonymousBytes));
    }

    private string Ratio(ClientRun[] good, Func<ClientRun, double?> value)
    {
        if (good[0].Client == TorrentPSTool.ToolName)
            return "";
        List<double> ratios = [];
        foreach (ClientRun other in good)
        {
            if (runs.FirstOrDefault(run => run.Client == TorrentPSTool.ToolName && run.Round == other.Round && run.Problem is null) is { } own && value(own) / value(other) is { } ratio && double.IsFinite(ratio))
                ratios.Add(ratio);
        }

        return Statistics.ShowMedian(ratios);
    }
}
