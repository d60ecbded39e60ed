using System.Management.Automation;
using System.Management.Automation.Host;
using TorrentPS.Formatting;
using TorrentPS.Pipeline;

namespace TorrentPS.Downloads;

/// <summary>
/// Shows the progress of a command's torrents: one record for each, and a child record during preparation. Several torrents are below one record that sums them up, and
/// only the first few are shown.
/// </summary>
internal sealed class TransferProgress
{
    private const int SumId = 1;
    private const int FirstRowId = 2;
    private const int RowsShown = 5;

    // Console hosts draw at most five a second.
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);

    // A unique source, because records of other sources may use the same ids.
    private static long s_lastSource = int.MaxValue;

    private readonly long _source = Interlocked.Increment(ref s_lastSource);
    private readonly PipelinePump _pump;
    private readonly ICommandRuntime _runtime;
    private readonly PSHost _host;
    private readonly TimeProvider _time;
    private readonly List<Row> _rows = [];
    private readonly Dictionary<int, ProgressRecord> _shown = [];
    private long _writtenAt;
    private bool _hasWritten;
    private int _isPosted;
    private int _added;

    public TransferProgress(PipelinePump pump, ICommandRuntime runtime, PSHost host, TimeProvider? time = null)
    {
        _pump = pump;
        _runtime = runtime;
        _host = host;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Adds a torrent. On the pipeline thread.</summary>
    public Row Add(bool isSeed)
    {
        Row row = new(this, FirstRowId + 2 * _added++, isSeed);
        _rows.Add(row);
        return row;
    }

    /// <summary>Removes all records; on the pipeline thread, and also when the pipeline is stopping.</summary>
    public void Complete()
    {
        _rows.Clear();
        foreach (int id in _shown.Keys.OrderDescending().ToArray())
            Remove(id);
    }

    private void PostWrite()
    {
        if (Interlocked.Exchange(ref _isPosted, 1) == 0)
            _pump.Post(Write);
    }

    private void Write()
    {
        Volatile.Write(ref _isPosted, 0);
        if (_hasWritten && _time.GetElapsedTime(_writtenAt) < s_interval)
            return;
        _writtenAt = _time.GetTimestamp();
        _hasWritten = true;
        List<Row> reported = [.. _rows.Where(row => row.Latest is not null)];
        bool isSummed = _rows.Count > 1 || _shown.ContainsKey(SumId);
        HashSet<int> current = [];
        if (isSummed && reported.Count > 0)
            Show(current, Sum(reported));
        foreach (Row row in reported.Take(RowsShown))
            ShowRow(current, row, isSummed);
        foreach (int id in _shown.Keys.Where(id => !current.Contains(id)).ToArray())
            Remove(id);
    }

    private static ProgressRecord Sum(List<Row> rows)
    {
        long wanted = rows.Sum(row => row.Latest!.BytesWanted), completed = rows.Sum(row => row.Latest!.BytesCompleted);
        bool areSeeds = rows.TrueForAll(row => row.Latest!.State == TorrentState.Seeding);
        string up = Units.Rate(rows.Sum(row => row.Latest!.UploadRate)), down = Units.Rate(rows.Sum(row => row.Latest!.DownloadRate));
        int peers = rows.Sum(row => row.Latest!.PeersConnected);
        string facts = areSeeds
            ? $"{Units.Size(rows.Sum(row => row.Latest!.Uploaded))} sent, {up}, {peers} peers"
            : $"{Units.Percent(wanted == 0 ? 100 : 100.0 * completed / wanted)} of {Units.Size(wanted)}, {down} down, {up} up, {peers} peers";
        int percent = areSeeds ? -1 : wanted == 0 ? 0 : (int)(100.0 * completed / wanted);
        return ProgressText.Record(SumId, areSeeds ? $"Seeding {rows.Count} torrents" : $"Transferring {rows.Count} torrents", facts, percent);
    }

    private void ShowRow(HashSet<int> current, Row row, bool isSummed)
    {
        DownloadStatus status = DownloadStatus.Of(row.Latest!, row.IsSeed);
        Show(current, ProgressText.Record(row.Id, status.Activity, status.Facts, status.Percent, status.SecondsLeft, isSummed ? SumId : -1));
        if (status.Step is null)
            return;
        Show(current, ProgressText.Record(row.Id + 1, status.Step, status.StepPercent < 0 ? "asking peers" : $"{status.StepPercent} %", status.StepPercent, parent: row.Id));
    }

    private void Show(HashSet<int> current, ProgressRecord record)
    {
        // A record keeps its parent while it is shown.
        if (_shown.TryGetValue(record.ActivityId, out ProgressRecord? before) && before.ParentActivityId != record.ParentActivityId)
            Remove(record.ActivityId);
        current.Add(record.ActivityId);
        _shown[record.ActivityId] = record;
        _runtime.WriteProgress(_source, record);
    }

    private void Remove(int id)
    {
        if (!_shown.Remove(id, out ProgressRecord? last))
            return;
        last.RecordType = ProgressRecordType.Completed;
        try
        {
            _runtime.WriteProgress(_source, last);
        }
        catch (Exception exception) when (exception is PipelineStoppedException or PSInvalidOperationException)
        {
            // A pipeline that stops or has ended accepts no more records, but the bar must be removed: the host itself still accepts it.
            _host.UI.WriteProgress(_source, last);
        }
    }

    /// <summary>The progress of one torrent.</summary>
    internal sealed class Row(TransferProgress progress, int id, bool isSeed) : IProgress<TorrentDownload>
    {
        private TorrentDownload? _latest;

        public int Id => id;

        public bool IsSeed => isSeed;

        public TorrentDownload? Latest => Volatile.Read(ref _latest);

        /// <inheritdoc/>
        public void Report(TorrentDownload value)
        {
            Volatile.Write(ref _latest, value);
            progress.PostWrite();
        }

        /// <summary>Removes it. From any thread.</summary>
        public void End() => progress._pump.Post(() =>
        {
            progress._rows.Remove(this);
            progress.Remove(Id + 1);
            progress.Remove(Id);
        });
    }
}
