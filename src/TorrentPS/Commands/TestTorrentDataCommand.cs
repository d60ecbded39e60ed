using System.Management.Automation;
using TorrentPS.Completion;
using TorrentPS.Engine;
using TorrentPS.Engine.Errors;
using TorrentPS.Formatting;
using TorrentPS.Pipeline;

namespace TorrentPS.Commands;

/// <summary>
/// <para type="synopsis">Compares data on disk with a torrent, file by file.</para>
/// <para type="description">Hashes the data on all cores and writes one object per file: complete, damaged, missing or of the wrong size. Nothing is changed.</para>
/// </summary>
[Cmdlet(VerbsDiagnostic.Test, "TorrentData", DefaultParameterSetName = PathSet)]
[OutputType(typeof(TorrentDataReport), typeof(bool))]
public sealed class TestTorrentDataCommand : TorrentInfoCommand
{
    /// <summary><para type="description">The folder that contains the torrent's file or folder; by default where New-Torrent found the data, or else the current
    /// location.</para></summary>
    [Parameter(Position = 1, HelpMessage = "The folder that contains the torrent's file or folder; by default the current location.")]
    [Alias("Destination")]
    [ValidateNotNullOrEmpty]
    public string? Source { get; set; }

    /// <summary><para type="description">Wildcard patterns for the paths of the torrent's files: only matching files are checked.</para></summary>
    [Parameter(HelpMessage = "Only files whose paths match one of these patterns.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TorrentFileCompleter))]
    public string[] Include { get; set; } = [];

    /// <summary><para type="description">Wildcard patterns for the paths of the torrent's files: matching files are not checked.</para></summary>
    [Parameter(HelpMessage = "Excludes files whose paths match one of these patterns.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TorrentFileCompleter))]
    public string[] Exclude { get; set; } = [];

    /// <summary><para type="description">Writes one Boolean per torrent instead of objects: whether all its data is right. Ends at the first file that is
    /// not.</para></summary>
    [Parameter(HelpMessage = "Returns one Boolean per torrent: whether all its data is right.")]
    public SwitchParameter Quiet { get; set; }

    private protected override void ProcessTorrent(TorrentInfo torrent)
    {
        TestDataOptions options = new() { Folder = ResolveSource(torrent), Include = Include, Exclude = Exclude };
        TorrentClient client = Client;
        HashingProgress progress = new($"Checking {torrent.Name}", Pump, CommandRuntime, Host);
        try
        {
            bool? isComplete = Run(token => TestAsync(client, torrent, options, new Sink(progress), token));
            if (Quiet && isComplete is { } result)
                WriteObject(result);
        }
        finally
        {
            progress.Complete();
        }
    }

    private async Task<bool?> TestAsync(TorrentClient client, TorrentInfo torrent, TestDataOptions options, IProgress<TestDataProgress> progress, CancellationToken cancellationToken)
    {
        bool isComplete = true;
        try
        {
            await foreach (TorrentDataReport report in client.TestDataAsync(torrent, options, progress, cancellationToken).ConfigureAwait(false))
            {
                isComplete &= report.Status == TorrentDataStatus.Complete;
                if (report.ErrorId is { } errorId)
                    PostError(ErrorRecords.From(errorId, report.Error!, report.FullName));
                if (!Quiet)
                    PostObject(report);
                else if (!isComplete)
                    break;
            }
            return isComplete;
        }
        catch (TorrentException exception)
        {
            PostError(exception, torrent);
            return null;
        }
    }

    private string ResolveSource(TorrentInfo torrent)
    {
        // A torrent that was just created knows where its data is; that is a file-system path, not one of the session's.
        if (Source is null && torrent.DataFolder is { } known)
            return known;
        return ResolvePath(Source ?? ".", ErrorRecords.BadSource);
    }

    private sealed class Sink(HashingProgress progress) : IProgress<TestDataProgress>
    {
        public void Report(TestDataProgress value) => progress.Report(value.BytesChecked, value.BytesTotal);
    }
}
