using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm;

/// <content>What is left on disk when it ends, and what the result says of it.</content>
internal sealed partial class TorrentSession
{
    /// <summary>Writes down what is there, or, when all is, removes what was only needed on the way.</summary>
    private async Task<Ending> FinishAsync(Ending ending)
    {
        if (_options.SeedOnly)
            return ending;
        try
        {
            if (_picker.Missing == 0)
            {
                await Task.Run(() =>
                {
                    _store.FlushAll();
                    _store.DeleteResume();
                }).ConfigureAwait(false);
            }
            else
            {
                await Task.Run(() => _store.SaveResume(_picker.Have.Clone())).ConfigureAwait(false);
            }
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
            await Task.Run(CountWhatIsThere).ConfigureAwait(false);
        return ending;
    }

    /// <summary>What was verified may have been removed since: a failure must not say that it is there.</summary>
    private void CountWhatIsThere()
    {
        Bitfield have = _picker.Have.Clone();
        _store.RemoveMissing(have);
        CountCompleted(have);
    }

    private void CountCompleted(Bitfield have)
    {
        long completed = 0;
        long left = 0;
        for (int piece = 0; piece < have.Length; piece++)
        {
            completed += have[piece] ? _store.BytesWantedIn(piece) : 0;
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
        for (; _firstGap < have.Length && (have[_firstGap] || !_store.WantedPieces[_firstGap]); _firstGap++)
            bytes += _store.BytesWantedIn(_firstGap);
        Volatile.Write(ref _contiguousBytes, bytes);
    }
}
