using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm;

/// <summary>Finishes the data of a run at its end.</summary>
/// <param name="run">The run.</param>
/// <param name="storage">The storage of the data.</param>
/// <param name="picker">The pieces.</param>
/// <param name="progress">The counts of complete data.</param>
/// <param name="served">Knows whether the data is unchanged.</param>
internal sealed class DataEnd(SwarmRun run, IPieceStorage storage, PiecePicker picker, PieceProgress progress, ServedData served)
{
    /// <summary>Saves the resume data, or removes temporary files if the data is complete.</summary>
    /// <param name="ending">The planned ending of the run.</param>
    /// <returns>The actual ending.</returns>
    public async Task<RunEnding> FinishAsync(RunEnding ending)
    {
        if (run.Options.SeedOnly)
            return served.Withdrawn is not null && ending.ErrorId is null ? served.Ending() : ending;
        Bitfield have = picker.Have.Clone();
        try
        {
            if (picker.Missing == 0)
                await Task.Run(() => storage.CompleteAsync(have, served.Withdrawn)).ConfigureAwait(false);
            else
                await Task.Run(() => storage.Save(have, underWay: false)).ConfigureAwait(false);
        }
        catch (TorrentException e) when (ending.ErrorId is null)
        {
            ending = RunEnding.Failed(e);
        }
        catch (TorrentException e)
        {
            run.Log($"The resume file was not written: {e.Message}");
        }

        if (ending.State == TorrentState.Failed)
        {
            // Verified data may have been removed since: a failure must not claim that it exists.
            await Task.Run(() => storage.RemoveMissing(have)).ConfigureAwait(false);
            progress.Count(have);
        }

        return ending;
    }
}
