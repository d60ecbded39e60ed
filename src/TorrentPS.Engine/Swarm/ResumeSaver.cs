using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Swarm;

/// <summary>Has the storage note now and then what is there, while a download runs. Belongs to the torrent's loop.</summary>
internal sealed class ResumeSaver(SwarmRun run, IPieceStorage storage, Bitfield have)
{
    private const double Seconds = 5;

    private double _saveAt = Seconds;

    /// <summary>Whether something has changed since it was noted.</summary>
    public bool IsDirty { get; set; } = storage.BytesReused > 0;

    /// <summary>Ends when nothing is being noted.</summary>
    public Task Saving { get; private set; } = Task.CompletedTask;

    /// <summary>Looks at the clock.</summary>
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
