using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Swarm;

/// <summary>Saves the state of the storage at intervals, while a download runs. Belongs to the torrent's loop.</summary>
internal sealed class ResumeSaver(SwarmRun run, IPieceStorage storage, Bitfield have)
{
    private const double Seconds = 5;

    private double _saveAt = Seconds;

    /// <summary>Whether something has changed since the last save.</summary>
    public bool IsDirty { get; set; } = storage.BytesReused > 0;

    /// <summary>Completes when no save is running.</summary>
    public Task Saving { get; private set; } = Task.CompletedTask;

    /// <summary>Periodic work.</summary>
    public void Tick(double now)
    {
        if (!IsDirty || now < _saveAt || !Saving.IsCompleted)
            return;
        IsDirty = false;
        _saveAt = now + Seconds;
        Saving = SaveAsync(have.Clone());
    }

    private async Task SaveAsync(Bitfield saved)
    {
        try
        {
            if (!await Task.Run(() => storage.Save(saved, underWay: true)))
                IsDirty = true;
        }
        catch (TorrentException e)
        {
            run.End.StorageFailed(e);
        }
    }
}
