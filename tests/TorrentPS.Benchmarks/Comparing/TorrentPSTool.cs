using System.Diagnostics;
using System.Globalization;
using TorrentPS.Benchmarks.Measuring;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary>This project's command line, as laid out by the build.</summary>
internal sealed class TorrentPSTool(string? path) : ComparedClient
{
    public const string ToolName = "torrentps";

    public override string Name => ToolName;

    public override string Missing => "build the solution in Release, or name the program by --torrentps";

    public override bool HasHook => false;

    public override bool ListensOnAny => true;

    private string? Program { get; } = path ?? (Sources.Root is { } root ? Path.Combine(root, "out", "cli", ToolName) : null);

    public override ProcessStartInfo Command(Job job)
    {
        string seconds = ((int)job.Timeout.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        List<string> arguments = job.IsSeeding ? ["seed", job.Torrent, "--data", job.Folder] : ["download", job.Torrent, "-o", job.Folder, "--quiet", "--timeout", seconds];
        arguments.AddRange(["--port", job.EndPoint.Port.ToString(CultureInfo.InvariantCulture), "--no-dht", "--no-pex", "--no-lsd", "--encryption", job.Encryption.ToString().ToLowerInvariant()]);
        return new ProcessStartInfo(Program!, arguments);
    }

    protected override string? FindVersion() => Program is { } program && File.Exists(program) ? Number(Ask(Path.GetFullPath(program), "--version")) : null;
}
