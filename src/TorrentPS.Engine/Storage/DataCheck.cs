using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Records;

namespace TorrentPS.Engine.Storage;

/// <summary>Finds out what is on disk before the first peer is asked: by what was noted of it where something was, by hashing what that cannot vouch for.</summary>
/// <param name="store">The files.</param>
/// <param name="request">What is to be kept.</param>
/// <param name="pieceChecked">Gets how many pieces are looked at, and of how many; from any thread.</param>
internal sealed class DataCheck(DataStore store, StorageRequest request, Action<int, int> pieceChecked)
{
    private Torrent Torrent => request.Torrent;

    /// <summary>Finds out what is there to go on from, and makes the files that are not.</summary>
    public async Task<Bitfield> PrepareAsync(CancellationToken cancellationToken)
    {
        ResumeData? resume = null;
        if (request.Recheck)
            store.RestoreLayers();
        else
            resume = store.LoadResume();
        Bitfield have = resume?.Have.Clone() ?? new Bitfield(Torrent.PieceCount);
        store.Survey();
        int toCheck = resume?.Suspect.Count ?? Torrent.PieceCount;
        await VerifyAsync(have, piece => resume is null || resume.Suspect[piece], toCheck, cancellationToken).ConfigureAwait(false);
        if (!request.Overwrite)
            store.CheckOwners(have, cancellationToken);
        store.Prepare(have); // after the resume file is read: it changes the files' times
        bool[] elsewhere = [.. Enumerable.Range(0, Torrent.PieceCount).Select(piece => !have[piece] && store.MayBeElsewhere(piece))];
        await VerifyAsync(have, piece => elsewhere[piece], elsewhere.Count(true.Equals), cancellationToken).ConfigureAwait(false);
        return have;
    }

    /// <summary>Looks whether everything is there already, where nothing can be written.</summary>
    /// <exception cref="TorrentException">It is not, and so the reason is one to end for.</exception>
    public async Task<Bitfield> CheckCompleteAsync(TorrentException denied, CancellationToken cancellationToken)
    {
        if (!store.HasAllLengths)
            throw denied;
        Bitfield have = new(Torrent.PieceCount);
        await VerifyAsync(have, piece => store.WantedPieces[piece], store.WantedPieces.Count, cancellationToken).ConfigureAwait(false);
        return have.CountCommon(store.WantedPieces) == store.WantedPieces.Count ? have : throw denied;
    }

    /// <summary>Finds out whether the data to seed is complete: by what was noted when it was last seeded, else by hashing all of it. Nothing is written to it.</summary>
    public async Task<Bitfield> CheckSeedAsync(CancellationToken cancellationToken)
    {
        if (store.HasMissingFiles)
            return new Bitfield(Torrent.PieceCount); // no need to hash what is there to know that it is not enough
        SeedRecords? records = request.StateFolder is { } folder ? new SeedRecords(folder) : null;
        if (!request.Recheck && records?.Load(Torrent, store.DataPath) is { } record && store.IsUnchangedSince(record))
        {
            store.RestoreLayers(record);
            records.Touch(Torrent, store.DataPath, request.TimeProvider.GetUtcNow().UtcDateTime);
            return record.Have.Clone();
        }

        ResumeRecord before = store.MakeSeedRecord();
        Bitfield have = await store.VerifyAsync(_ => true, done => pieceChecked(done, Torrent.PieceCount), cancellationToken).ConfigureAwait(false);
        // What was changed while it was hashed may not be what was hashed.
        if (have.IsFull && records is not null && store.IsUnchangedSince(before))
            Note(records, before);
        return have;
    }

    private async Task VerifyAsync(Bitfield have, Func<int, bool> which, int count, CancellationToken cancellationToken)
    {
        if (count == 0)
            return;
        Bitfield found = await store.VerifyAsync(which, done => pieceChecked(done, count), cancellationToken).ConfigureAwait(false);
        for (int piece = 0; piece < found.Length; piece++)
        {
            if (found[piece])
                have.Add(piece);
        }
    }

    private void Note(SeedRecords records, ResumeRecord record)
    {
        try
        {
            records.Save(Torrent, store.DataPath, store.WithLayers(record));
        }
        catch (TorrentException e)
        {
            request.Log($"It was not noted that the data is complete; it is hashed again next time: {e.Message}");
        }
    }
}
