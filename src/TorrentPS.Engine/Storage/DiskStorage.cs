using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Engine.Storage.Records;

namespace TorrentPS.Engine.Storage;

/// <summary>Stores the pieces of a torrent in files, and records between runs which are complete: the storage of every download and seed.</summary>
internal sealed class DiskStorage : IPieceStorage
{
    private readonly StorageRequest _request;
    private readonly DataStore _store;
    private readonly DestinationLock? _lock;
    private readonly TorrentException? _denied; // why the destination is not writable
    private long _bytesReused;

    /// <exception cref="TorrentException">The destination is in use (DataInUse) or cannot be created (DiskFull, UnsafePath), or a path in the torrent cannot be used
    /// (UnsafePath).</exception>
    public DiskStorage(StorageRequest request)
    {
        _request = request;
        _lock = request.SeedOnly ? null : TryLock(out _denied);
        try
        {
            _store = new DataStore(request.Torrent, request.Destination, request.Layout, request.Layers, readOnly: _lock is null) { FoldersMadeIn = _lock?.FoldersMadeIn ?? [] };
        }
        catch
        {
            _lock?.Dispose();
            throw;
        }

        TellOfLinks();
    }

    private Torrent Torrent => _request.Torrent;

    private LocalTorrents? LocalTorrents => _request.StateFolder is { } folder ? new LocalTorrents(folder) : null;

    /// <inheritdoc/>
    public string DataPath => _store.DataPath;

    /// <inheritdoc/>
    public IChangedFiles Changes => _store;

    /// <inheritdoc/>
    public long BytesReused => Volatile.Read(ref _bytesReused);

    /// <inheritdoc/>
    public async Task<Bitfield> CheckAsync(Action<int, int> pieceChecked, CancellationToken cancellationToken)
    {
        DataCheck check = new(_store, _request, pieceChecked);
        _store.NoteTimes();
        if (_request.SeedOnly)
        {
            Bitfield seeded = await check.CheckSeedAsync(cancellationToken).ConfigureAwait(false);
            if (seeded.CountCommon(_store.WantedPieces) == _store.WantedPieces.Count)
                NoteComplete();
            return seeded;
        }

        if (_denied is not null)
            return await check.CheckCompleteAsync(_denied, cancellationToken).ConfigureAwait(false);
        Bitfield have = await check.PrepareAsync(cancellationToken).ConfigureAwait(false);
        if (have.CountCommon(_store.WantedPieces) == _store.WantedPieces.Count)
            return have;
        _store.SaveResume(have); // from now on the files are known to be ours, even if this process is killed
        await ReuseAsync(have, pieceChecked, cancellationToken).ConfigureAwait(false);
        return have;
    }

    /// <inheritdoc/>
    public void Write(int piece, int begin, IReadOnlyList<ReadOnlyMemory<byte>> buffers) => _store.Write(piece, begin, buffers);

    /// <inheritdoc/>
    public bool TryRead(int piece, int begin, Span<byte> destination) => _store.TryRead(piece, begin, destination);

    /// <inheritdoc/>
    public Task<Bitfield> StoreAsync(IReadOnlyList<int> files, Bitfield have, CancellationToken cancellationToken)
    {
        if (_lock is null)
            throw _denied!;
        string[] kept = [.. Torrent.Files.Where(file => _request.Layout.IsWanted(file.Index) || files.Contains(file.Index)).Select(file => file.Path)];
        return _store.StoreAsync(files, have, _request.Overwrite, () => _lock.ClaimAnew(Torrent.InfoHash, kept), cancellationToken);
    }

    /// <inheritdoc/>
    public bool Save(Bitfield have, bool underWay)
    {
        if (!underWay)
            return _store.SaveResume(have);
        _store.CheckPresence();
        try
        {
            return _store.SaveResume(have, underWay: true);
        }
        catch (TorrentException e)
        {
            _request.Log($"The resume file was not written: {e.Message}");
            return false;
        }
    }

    /// <inheritdoc/>
    public async Task CompleteAsync(Bitfield have, Bitfield? withdrawn)
    {
        _store.FlushAll();
        Bitfield overwritten = await _store.FindOverwrittenAsync(CancellationToken.None).ConfigureAwait(false);
        foreach (int piece in withdrawn?.All() ?? [])
            have.Add(piece); // it was verified again
        foreach (int piece in overwritten.All().Where(piece => !have[piece]).ToArray())
            overwritten.Remove(piece); // it was not stored, since its file was skipped
        if (!overwritten.IsEmpty)
        {
            foreach (int piece in overwritten.All())
                have.Remove(piece);
            _store.SaveResume(have.Clone());
            throw new TorrentException(TorrentErrorId.DataMismatch, _store.DescribeOverwritten(overwritten));
        }

        _store.DeleteResume();
        NoteComplete();
    }

    /// <inheritdoc/>
    public void RemoveMissing(Bitfield have) => _store.RemoveMissing(have);

    /// <inheritdoc/>
    public void Withdrawn()
    {
        if (_request is { SeedOnly: true, StateFolder: { } folder })
            new SeedRecords(folder).Remove(Torrent, _store.DataPath);
    }

    /// <inheritdoc/>
    public string DescribeFaults(Bitfield have) => _store.DescribeFaults(_store.HasMissingFiles ? null : have);

    /// <summary>Closes the files, and releases the destination.</summary>
    public void Dispose()
    {
        _store.Dispose();
        _lock?.Dispose();
    }

    /// <summary>Locks the destination; null if it is not writable, which matters only if something must be written.</summary>
    private DestinationLock? TryLock(out TorrentException? denied)
    {
        denied = null;
        try
        {
            string[] files = [.. Torrent.Files.Where(file => _request.Layout.IsWanted(file.Index)).Select(file => file.Path)];
            return DestinationLock.Acquire(_request.Destination, Torrent.InfoHash, files);
        }
        catch (TorrentException e) when (e.ErrorId == TorrentErrorId.AccessDenied)
        {
            denied = e;
            return null;
        }
    }

    /// <summary>Links in a torrent are never created, so that nothing leads out of the destination; the log explains why they are missing.</summary>
    private void TellOfLinks()
    {
        TorrentFile[] links = [.. Torrent.Files.Where(file => file.LinkTarget is not null && _request.Layout.IsWanted(file.Index))];
        if (links.Length > 0 && !_request.SeedOnly)
        {
            _request.Log($"Symbolic links (BEP 47) of '{MetainfoFault.Show(Torrent.Name)}' are left empty: "
                + string.Join(", ", links.Take(3).Select(link => $"'{MetainfoFault.Show(link.Path)}' to '{MetainfoFault.Show(link.LinkTarget)}'")) + (links.Length > 3 ? ", …" : ""));
        }
    }

    /// <summary>Copies the torrent's data from other files on this machine: those that the user named, and torrents declared similar (BEP 38).</summary>
    private async Task ReuseAsync(Bitfield have, Action<int, int> pieceChecked, CancellationToken cancellationToken)
    {
        List<string> roots = [.. _request.ReuseFrom];
        if (_request.ReuseSimilar && LocalTorrents is { } local)
            roots.AddRange(local.FindSimilar(Torrent));
        if (roots.Count == 0)
            return;
        _bytesReused = await _store.ReuseAsync(have, roots, pieceChecked, cancellationToken).ConfigureAwait(false);
        _request.Log($"{_bytesReused} bytes were copied from other data on this machine");
    }

    /// <summary>
    /// Records that all data is here, so that a similar torrent finds it (BEP 38). Not for a private torrent: a public one could reveal that its data is here.
    /// </summary>
    private void NoteComplete()
    {
        if (Torrent.IsPrivate)
            return;
        try
        {
            LocalTorrents?.Save(Torrent, _store.DataPath, _request.TimeProvider.GetUtcNow().UtcDateTime);
        }
        catch (TorrentException e)
        {
            _request.Log($"It was not noted where the data is; a similar torrent will not find it: {e.Message}");
        }
    }
}
