using Spectre.Console;
using Spectre.Console.Rendering;
using TorrentPS.Engine;
using TorrentPS.Engine.Display;

namespace TorrentPS.Cli.Output;

/// <summary>Progress on a terminal: a bar, the amount, and for a download the rate, the time left and the number of peers. It is removed at the end.</summary>
internal static class ProgressDisplay
{
    private const int NameWidth = 30;

    /// <summary>Shows a transfer's progress, and returns its result.</summary>
    public static Task<TorrentDownload> RunAsync(Terminal terminal, string name, Func<IProgress<TorrentDownload>, TorrentTransfer> start) =>
        RunAsync(terminal, name, (Sink sink) => start(new DownloadSink(sink)).Completion);

    /// <summary>Shows the progress of any work that reports it, and returns its result.</summary>
    public static async Task<T> RunAsync<T>(Terminal terminal, string name, Func<Sink, Task<T>> work)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Error) });
        var sink = new Sink();
        Progress progress = console.Progress().AutoClear(true).HideCompleted(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 24 }, new PercentageColumn(), new DetailsColumn(sink));
        progress.RefreshRate = TimeSpan.FromMilliseconds(200);
        return await progress.StartAsync(context =>
        {
            sink.Task = context.AddTask(Markup.Escape(SafeText.Shorten(name, NameWidth)), maxValue: 100);
            return work(sink);
        }).ConfigureAwait(false);
    }

    /// <summary>The activity of a download, in one line.</summary>
    internal static string Details(TorrentDownload download) => download.State switch
    {
        TorrentState.Checking => "checking existing data",
        TorrentState.Resolving => $"getting the metadata, {Quantity.Count(download.PeersConnected, "peer")}",
        TorrentState.Paused => "paused",
        TorrentState.Seeding => $"↑ {Quantity.Rate(download.UploadRate)}, {Quantity.Size(download.Uploaded)} sent, {Quantity.Count(download.PeersConnected, "peer")}",
        _ => string.Join(", ", new[]
        {
            $"↓ {Quantity.Rate(download.DownloadRate)}",
            download.UploadRate > 0 ? $"↑ {Quantity.Rate(download.UploadRate)}" : "",
            TransferStatus.Of(download) is { TimeLeft: { } left } ? $"{DurationText.Left(left)} left" : "",
            TransferStatus.Of(download).Sources,
        }.Where(part => part.Length > 0)),
    };

    /// <summary>Receives the progress, from any thread.</summary>
    internal sealed class Sink
    {
        private volatile string _details = "starting";

        public ProgressTask? Task { get; set; }

        public string Details => _details;

        public void Report(double percent, string details)
        {
            _details = details;
            if (Task is { } task)
                task.Value = percent;
        }
    }

    private sealed class DownloadSink(Sink sink) : IProgress<TorrentDownload>
    {
        public void Report(TorrentDownload value) =>
            sink.Report(TransferStatus.Of(value).Percent ?? 0, Details(value));
    }

    private sealed class DetailsColumn(Sink sink) : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) => new Text(sink.Details);
    }
}
