using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm;

/// <content>What is left on disk when it ends, and what the result says of it.</content>
internal sealed partial class TorrentSession
{
    /// <summary>How it ends when it is told to stop: complete when everything is there, since then it only went on uploading.</summary>
    private Ending Stopped() => IsComplete
        ? new Ending(TorrentState.Completed)
        : new Ending(TorrentState.Stopped, TorrentErrorId.DownloadStopped, "The download was stopped before it was complete. Run the same command to resume.");

    private Ending TimedOut() => IsComplete
        ? new Ending(TorrentState.Completed)
        : new Ending(TorrentState.TimedOut, TorrentErrorId.DownloadTimedOut, $"The download was not complete after {_options.Timeout!.Value.TotalSeconds:0.#} s. Run the same command to resume.");

    /// <summary>Writes down what is there, or, when all is, removes what was only needed on the way.</summary>
    private async Task<Ending> FinishAsync(Ending ending)
    {
        if (_options.SeedOnly)
            return _withdrawn is not null && ending.ErrorId is null ? EndOfSpoilt() : ending;
        Bitfield have = _picker.Have.Clone();
        try
        {
            if (_picker.Missing == 0)
                await Task.Run(() => _disk.Storage.CompleteAsync(have, _withdrawn)).ConfigureAwait(false);
            else
                await Task.Run(() => _disk.Storage.Save(have, underWay: false)).ConfigureAwait(false);
        }
        catch (TorrentException e) when (ending.ErrorId is null)
        {
            ending = new Ending(TorrentState.Failed, e.ErrorId, e.Message);
        }
        catch (TorrentException e)
        {
            Log($"The resume file was not written: {e.Message}");
        }

        if (ending.State == TorrentState.Failed)
            await Task.Run(() => CountWhatIsThere(have)).ConfigureAwait(false);
        return ending;
    }

    /// <summary>What was verified may have been removed since: a failure must not say that it is there.</summary>
    private void CountWhatIsThere(Bitfield have)
    {
        _disk.Storage.RemoveMissing(have);
        CountCompleted(have);
    }

    private void CountCompleted(Bitfield have)
    {
        long completed = 0;
        long left = 0;
        for (int piece = 0; piece < have.Length; piece++)
        {
            completed += have[piece] ? _layout.BytesWantedIn(piece) : 0;
            left += have[piece] ? 0 : _torrent.DataLengthOfPiece(piece);
        }

        Volatile.Write(ref _bytesCompleted, completed);
        Volatile.Write(ref _bytesLeft, left);
        _firstGap = 0;
        Volatile.Write(ref _contiguousBytes, 0);
        CountContiguous(have);
    }

    /// <summary>Counts what is there from the beginning up to the first gap.</summary>
    private void CountContiguous(Bitfield have)
    {
        long bytes = _contiguousBytes;
        for (; _firstGap < have.Length && (have[_firstGap] || !_layout.WantedPieces[_firstGap]); _firstGap++)
            bytes += _layout.BytesWantedIn(_firstGap);
        Volatile.Write(ref _contiguousBytes, bytes);
    }
}
