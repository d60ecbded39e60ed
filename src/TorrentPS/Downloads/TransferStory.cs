using TorrentPS.Formatting;

namespace TorrentPS.Downloads;

/// <summary>
/// Reports a transfer in the verbose stream: each new state, and every 30 seconds the progress and the number of peers, so that the log of a slow download shows what it
/// was waiting for.
/// </summary>
/// <param name="tell">Receives the lines; from any thread.</param>
/// <param name="isSeed">Whether existing data is uploaded.</param>
/// <param name="time">The clock.</param>
internal sealed class TransferStory(Action<string> tell, bool isSeed, TimeProvider time)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private TorrentState? _state;
    private long _toldAt;

    /// <summary>Reports a new state or a due line.</summary>
    public void Report(TorrentDownload value)
    {
        string line;
        lock (_lock)
        {
            bool isNew = _state != value.State;
            if (!isNew && time.GetElapsedTime(_toldAt) < s_interval)
                return;
            (_state, _toldAt) = (value.State, time.GetTimestamp());
            line = $"{value.Name}: {value.State}, {DownloadStatus.Of(value, isSeed).Summary}, {value.PeersSeen} known";
        }
        tell(line);
    }
}
