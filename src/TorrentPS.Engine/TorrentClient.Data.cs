using System.Runtime.CompilerServices;
using System.Threading.Channels;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine;

public sealed partial class TorrentClient
{
    /// <summary>
    /// Compares data on disk with a torrent, on all cores, and yields one report per file, in the torrent's order, each as soon as it is known. Strictly read-only: files
    /// are opened for reading only, and nothing is created, not even a folder.
    /// </summary>
    /// <param name="torrent">The torrent.</param>
    /// <param name="options">What to check.</param>
    /// <param name="progress">Receives the progress, from any thread.</param>
    /// <param name="cancellationToken">Cancels with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="TorrentException">The torrent has no pieces that can be checked (InvalidTorrent), or the patterns leave no file (NothingSelected).</exception>
    public IAsyncEnumerable<TorrentDataReport> TestDataAsync(
        TorrentInfo torrent, TestDataOptions options, IProgress<TestDataProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(torrent);
        ArgumentNullException.ThrowIfNull(options);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return TestDataCoreAsync(torrent, options, progress, cancellationToken);
    }

    private static async IAsyncEnumerable<TorrentDataReport> TestDataCoreAsync(
        TorrentInfo torrent, TestDataOptions options, IProgress<TestDataProgress>? progress, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Channel<TorrentDataReport> reports = Channel.CreateUnbounded<TorrentDataReport>(new UnboundedChannelOptions { SingleReader = true });
        Task examination = Task.Run(() => ExamineAsync(torrent, options, reports.Writer, progress, ended.Token), CancellationToken.None);
        try
        {
            await foreach (TorrentDataReport report in reports.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return report;
        }
        finally
        {
            // A reader that stops early needs no more; the files are closed before this returns.
            await ended.CancelAsync().ConfigureAwait(false);
            await examination.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task ExamineAsync(
        TorrentInfo torrent, TestDataOptions options, ChannelWriter<TorrentDataReport> reports, IProgress<TestDataProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            using DataExamination examination = new(torrent.Torrent, options.Folder, options.Include, options.Exclude);
            await examination.RunAsync(
                report => reports.TryWrite(report),
                progress is null ? null : (done, total) => progress.Report(new TestDataProgress(done, total)), cancellationToken).ConfigureAwait(false);
            reports.Complete();
        }
        catch (Exception e)
        {
            reports.Complete(e);
        }
    }
}
