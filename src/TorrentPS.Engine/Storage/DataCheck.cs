using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Records;

namespace TorrentPS.Engine.Storage;

/// <summary>Checks existing data before the first peer is contacted: by the records of earlier runs, and by hashing what these do not cover.</summary>
/// <param name="store">The files.</param>
/// <param name="request">The torrent to store.</param>
/// <param name="pieceChecked">Receives the number of checked pieces and their total; from any thread.</param>
internal sealed class DataCheck(DataStore store, StorageRequest request, Action<int, int> pieceChecked)
{
    private Torrent Torrent => request.Torrent;

    /// <summary>Finds the data to resume with, and creates missing files.</summary>
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
        store.Prepare(have); // after the resume file is read, because it changes the files' times
        bool[] elsewhere = [.. Enumerable.Range(0, Torrent.PieceCount).Select(piece => !have[piece] && store.MayBeElsewhere(piece))];
        await VerifyAsync(have, piece => elsewhere[piece], elsewhere.Count(true.Equals), cancellationToken).ConfigureAwait(false);
        return have;
    }

    /// <summary>Checks whether the data is complete, when nothing can be written.</summary>
    /// <exception cref="TorrentException">The data is incomplete, so being unable to write is fatal; the exception has the reason.</exception>
    public async Task<Bitfield> CheckCompleteAsync(TorrentException denied, CancellationToken cancellationToken)
    {
        if (!store.HasAllLengths)
            throw denied;
        Bitfield have = new(Torrent.PieceCount);
        await VerifyAsync(have, piece => store.WantedPieces[piece], store.WantedPieces.Count, cancellationToken).ConfigureAwait(false);
        return have.CountCommon(store.WantedPieces) == store.WantedPieces.Count ? have : throw denied;
    }

    /// <summary>Checks whether the data to seed is complete: by the record of the last seed, or by hashing all of it. Never writes to it.</summary>
    public async Task<Bitfield> CheckSeedAsync(CancellationToken cancellationToken)
    {
        if (store.HasMissingFiles)
            return new Bitfield(Torrent.PieceCount); // incomplete anyway: no need to hash the rest
        SeedRecords? records = request.StateFolder is { } folder ? new SeedRecords(folder) : null;
        if (!request.Recheck && records?.Load(Torrent, store.DataPath) is { } record && store.IsUnchangedSince(record))
        {
            store.RestoreLayers(record);
            records.Touch(Torrent, store.DataPath, request.TimeProvider.GetUtcNow().UtcDateTime);
            return record.Have.Clone();
        }

        ResumeRecord before = store.MakeSeedRecord();
        Bitfield have = await store.VerifyAsync(_ => true, done => pieceChecked(done, Torrent.PieceCount), cancellationToken).ConfigureAwait(false);
        // Data that changed while it was hashed may differ from the hashed data.
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
