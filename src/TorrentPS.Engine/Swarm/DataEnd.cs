using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm;

/// <summary>How the data of a run is left when it ends.</summary>
/// <param name="run">The run.</param>
/// <param name="storage">Where the data is.</param>
/// <param name="picker">What is there.</param>
/// <param name="progress">Counts it.</param>
/// <param name="served">Whether it is what it was.</param>
internal sealed class DataEnd(SwarmRun run, IPieceStorage storage, PiecePicker picker, PieceProgress progress, ServedData served)
{
    /// <summary>Writes down what is there, or, when all is, removes what was only needed on the way.</summary>
    /// <param name="ending">How the run would end.</param>
    /// <returns>How it does.</returns>
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
            // What was verified may have been removed since: a failure must not say that it is there.
            await Task.Run(() => storage.RemoveMissing(have)).ConfigureAwait(false);
            progress.Count(have);
        }

        return ending;
    }
}
