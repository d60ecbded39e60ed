using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm;

/// <content>What is left on disk when it ends, and what the result says of it.</content>
internal sealed partial class TorrentSession
{
    private Bitfield? _overwritten; // by other programs, as was found at the end

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
        try
        {
            if (_picker.Missing == 0)
            {
                await Task.Run(KeepAsync).ConfigureAwait(false);
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

    /// <summary>Sees to it that what was written stays, and is what was written.</summary>
    private async Task KeepAsync()
    {
        _store.FlushAll();
        _overwritten = await _store.FindOverwrittenAsync(CancellationToken.None).ConfigureAwait(false);
        if (!_overwritten.IsEmpty)
        {
            _store.SaveResume(WhatIsThere());
            throw new TorrentException(TorrentErrorId.DataMismatch, _store.DescribeOverwritten(_overwritten));
        }

        _store.DeleteResume();
        NoteComplete();
    }

    /// <summary>The pieces that were verified, without those that other programs have damaged since.</summary>
    private Bitfield WhatIsThere()
    {
        Bitfield have = _picker.Have.Clone();
        if (_overwritten is null)
            return have;
        foreach (int piece in _withdrawn?.All() ?? [])
            have.Add(piece); // it was looked at again
        foreach (int piece in _overwritten.All())
            have.Remove(piece);

        return have;
    }

    /// <summary>A link of the torrent's is never made, so that nothing it says leads out of the destination; whoever misses it is to know why.</summary>
    private void TellOfLinks(bool[] wanted)
    {
        TorrentFile[] links = [.. _torrent.Files.Where(file => file.LinkTarget is not null && wanted[file.Index])];
        if (links.Length > 0 && !_options.SeedOnly)
        {
            Log($"Symbolic links (BEP 47) of '{MetainfoFault.Show(_torrent.Name)}' are left empty: "
                + string.Join(", ", links.Take(3).Select(link => $"'{MetainfoFault.Show(link.Path)}' to '{MetainfoFault.Show(link.LinkTarget)}'")) + (links.Length > 3 ? ", …" : ""));
        }
    }

    /// <summary>What was verified may have been removed since: a failure must not say that it is there.</summary>
    private void CountWhatIsThere()
    {
        Bitfield have = WhatIsThere();
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
