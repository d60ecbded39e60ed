using TorrentPS.Formatting;

namespace TorrentPS.Downloads;

/// <summary>
/// Tells in lines for the verbose stream how a transfer goes: each new state, and every half a minute how far it is and from how many peers, so that who
/// reads the log of a slow download finds out what it waited for.
/// </summary>
/// <param name="tell">Gets the lines; from any thread.</param>
/// <param name="isSeed">Whether data that is there is uploaded.</param>
/// <param name="time">Tells the time.</param>
internal sealed class TransferStory(Action<string> tell, bool isSeed, TimeProvider time)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private TorrentState? _state;
    private long _toldAt;

    /// <summary>Tells what is worth a line.</summary>
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
