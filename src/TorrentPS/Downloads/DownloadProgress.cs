using System.Management.Automation;
using System.Management.Automation.Host;
using TorrentPS.Formatting;
using TorrentPS.Pipeline;

namespace TorrentPS.Downloads;

/// <summary>Shows how a download goes: one record for it, and a child while it is getting ready.</summary>
internal sealed class DownloadProgress : IProgress<TorrentDownload>
{
    private const int DownloadId = 1;
    private const int StepId = 2;

    // Console hosts draw no more than five a second.
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);

    // Records of one source do not mix with those of others that use the same ids.
    private static long s_lastSource = int.MaxValue;

    private readonly long _source = Interlocked.Increment(ref s_lastSource);
    private readonly Latest<TorrentDownload> _latest = new(s_interval, TimeProvider.System);
    private readonly PipelinePump _pump;
    private readonly ICommandRuntime _runtime;
    private readonly PSHost _host;
    private ProgressRecord? _download;
    private ProgressRecord? _step;

    public DownloadProgress(PipelinePump pump, ICommandRuntime runtime, PSHost host)
    {
        _pump = pump;
        _runtime = runtime;
        _host = host;
    }

    /// <inheritdoc/>
    public void Report(TorrentDownload value)
    {
        if (_latest.Put(value))
            _pump.Post(Write);
    }

    /// <summary>Takes the records away; on the pipeline thread, and also when the pipeline is stopping.</summary>
    public void Complete()
    {
        CompleteRecord(ref _step);
        CompleteRecord(ref _download);
    }

    private void Write()
    {
        if (_latest.Take() is not { } value)
            return;
        DownloadStatus status = DownloadStatus.Of(value);
        _download = new ProgressRecord(DownloadId, status.Activity, status.Facts)
        {
            PercentComplete = status.Percent,
            SecondsRemaining = status.SecondsLeft,
        };
        _runtime.WriteProgress(_source, _download);
        if (status.Step is null)
        {
            CompleteRecord(ref _step);
            return;
        }
        _step = new ProgressRecord(StepId, status.Step, status.StepPercent < 0 ? "asking peers" : $"{status.StepPercent} %")
        {
            ParentActivityId = DownloadId,
            PercentComplete = status.StepPercent,
        };
        _runtime.WriteProgress(_source, _step);
    }

    private void CompleteRecord(ref ProgressRecord? record)
    {
        if (record is null)
            return;
        ProgressRecord last = record;
        record = null;
        last.RecordType = ProgressRecordType.Completed;
        try
        {
            _runtime.WriteProgress(_source, last);
        }
        catch (PipelineStoppedException)
        {
            // A stopping pipeline takes no more records, but the bar must go: the host itself still does.
            _host.UI.WriteProgress(_source, last);
        }
    }
}
