using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Engine.Storage.Records;

namespace TorrentPS.Engine.Swarm;

/// <content>What is there before the first peer is asked.</content>
internal sealed partial class TorrentSession
{
    private long _bytesReused;
    private TorrentException? _denied; // why nothing can be written to the destination

    /// <summary>Finds out what is on disk already: by the resume file where there is one, by hashing what it cannot vouch for. Makes what is not there.</summary>
    private async Task<Bitfield> PrepareAndCheckAsync(CancellationToken cancellationToken)
    {
        _store.NoteTimes();
        if (_options.SeedOnly)
            return await CheckSeedAsync(cancellationToken).ConfigureAwait(false);
        if (_denied is not null)
            return await CheckCompleteAsync(_denied, cancellationToken).ConfigureAwait(false);
        ResumeData? resume = null;
        if (_options.Recheck)
            _store.RestoreLayers();
        else
            resume = _store.LoadResume();
        Bitfield have = resume?.Have.Clone() ?? new Bitfield(_torrent.PieceCount);
        _store.Survey();
        int toCheck = resume?.Suspect.Count ?? _torrent.PieceCount;
        await VerifyAsync(have, piece => resume is null || resume.Suspect[piece], toCheck, cancellationToken).ConfigureAwait(false);
        if (!_options.Overwrite)
            _store.CheckOwners(have, cancellationToken);
        _store.Prepare(have); // after the resume file is read: it changes the files' times
        bool[] elsewhere = [.. Enumerable.Range(0, _torrent.PieceCount).Select(piece => !have[piece] && _store.MayBeElsewhere(piece))];
        await VerifyAsync(have, piece => elsewhere[piece], elsewhere.Count(true.Equals), cancellationToken).ConfigureAwait(false);
        if (have.CountCommon(_store.WantedPieces) == _store.WantedPieces.Count)
            return have;
        _store.SaveResume(have); // from now on what is in the files is ours, whenever this process is killed
        await ReuseAsync(have, cancellationToken).ConfigureAwait(false);
        return have;
    }

    /// <summary>Takes the place to download to; null when nothing can be written there, which is no fault when nothing needs to be.</summary>
    private DestinationLock? TryLock(bool[] wanted, out TorrentException? denied)
    {
        denied = null;
        try
        {
            string[] files = [.. _torrent.Files.Where(file => wanted[file.Index] && !file.IsPadding).Select(file => file.Path)];
            return DestinationLock.Acquire(_options.Destination, _torrent.InfoHash, files);
        }
        catch (TorrentException e) when (e.ErrorId == TorrentErrorId.AccessDenied)
        {
            denied = e;
            return null;
        }
    }

    /// <summary>Looks whether everything is there already, where nothing can be written.</summary>
    /// <exception cref="TorrentException">It is not, and so the reason is one to end for.</exception>
    private async Task<Bitfield> CheckCompleteAsync(TorrentException denied, CancellationToken cancellationToken)
    {
        if (!_store.HasAllLengths)
            throw denied;
        Bitfield have = new(_torrent.PieceCount);
        await VerifyAsync(have, piece => _store.WantedPieces[piece], _store.WantedPieces.Count, cancellationToken).ConfigureAwait(false);
        return have.CountCommon(_store.WantedPieces) == _store.WantedPieces.Count ? have : throw denied;
    }

    private async Task VerifyAsync(Bitfield have, Func<int, bool> which, int count, CancellationToken cancellationToken)
    {
        if (count == 0)
            return;
        Bitfield found = await _store.VerifyAsync(which, done => ReportChecked(done, count), cancellationToken).ConfigureAwait(false);
        for (int piece = 0; piece < found.Length; piece++)
        {
            if (found[piece])
                have.Add(piece);
        }
    }

    /// <summary>Copies what other data on this machine has of the torrent: what the user named, and torrents that are said to be similar (BEP 38).</summary>
    private async Task ReuseAsync(Bitfield have, CancellationToken cancellationToken)
    {
        List<string> roots = [.. _options.ReuseFrom];
        if (_options.ReuseSimilar && LocalTorrents is { } local)
            roots.AddRange(local.FindSimilar(_torrent));
        if (roots.Count == 0)
            return;
        _bytesReused = await _store.ReuseAsync(have, roots, ReportChecked, cancellationToken).ConfigureAwait(false);
        _isResumeDirty = _bytesReused > 0;
        Log($"{_bytesReused} bytes were copied from other data on this machine");
    }

    private LocalTorrents? LocalTorrents => _services.Options.StateFolder is { } folder ? new LocalTorrents(folder) : null;

    /// <summary>Notes that all data is here, so that a similar torrent finds it (BEP 38). Not that of a private torrent: a public one could show that it is here.</summary>
    private void NoteComplete()
    {
        if (_torrent.IsPrivate)
            return;
        try
        {
            LocalTorrents?.Save(_torrent, _store.DataPath, _time.GetUtcNow().UtcDateTime);
        }
        catch (TorrentException e)
        {
            Log($"It was not noted where the data is; a similar torrent will not find it: {e.Message}");
        }
    }

    /// <summary>Finds out whether the data to seed is complete: by what was noted when it was last seeded, else by hashing all of it. Nothing is written to it.</summary>
    private async Task<Bitfield> CheckSeedAsync(CancellationToken cancellationToken)
    {
        if (_store.HasMissingFiles)
            return new Bitfield(_torrent.PieceCount); // no need to hash what is there to know that it is not enough
        SeedRecords? records = _services.Options.StateFolder is { } folder ? new SeedRecords(folder) : null;
        if (!_options.Recheck && records?.Load(_torrent, _store.DataPath) is { } record && _store.IsUnchangedSince(record))
        {
            _store.RestoreLayers(record);
            records.Touch(_torrent, _store.DataPath, _time.GetUtcNow().UtcDateTime);
            return record.Have.Clone();
        }

        ResumeRecord before = _store.MakeSeedRecord();
        Bitfield have = await _store.VerifyAsync(_ => true, done => ReportChecked(done, _torrent.PieceCount), cancellationToken).ConfigureAwait(false);
        // What was changed while it was hashed may not be what was hashed.
        if (have.IsFull && records is not null && _store.IsUnchangedSince(before))
            Note(records, before);
        return have;
    }

    private void Note(SeedRecords records, ResumeRecord record)
    {
        try
        {
            records.Save(_torrent, _store.DataPath, _store.WithLayers(record));
        }
        catch (TorrentException e)
        {
            Log($"It was not noted that the data is complete; it is hashed again next time: {e.Message}");
        }
    }
}
