using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Engine.Storage.Records;

namespace TorrentPS.Engine.Storage;

/// <summary>The resume file of a torrent: which pieces are verified, and what the files looked like then. Safe from several threads at once.</summary>
internal sealed class ResumeFile(StoredFiles files, PieceLayers? layers)
{
    private readonly Lock _lock = new();

    /// <summary>What an earlier run saved, once it is read; null for nothing.</summary>
    public ResumeRecord? Record { get; private set; }

    /// <summary>Where it is.</summary>
    public string Path => System.IO.Path.Join(files.Folder.ControlPath, $"{Torrent.InfoHash}.resume");

    /// <summary>Where it is until it is whole.</summary>
    public string TemporaryPath => System.IO.Path.Join(files.Folder.ControlPath, TemporaryName);

    private string TemporaryName => $"{Torrent.InfoHash}.resume.tmp";

    private Torrent Torrent => files.Torrent;

    /// <summary>
    /// Reads the resume file and holds it against the files. Pieces of a file that has been written since the save (a download was killed) are
    /// suspect, all of them: those completed after the save are found again that way.
    /// </summary>
    /// <returns>Null when there is none, when it cannot be read or is damaged, and when it is another torrent's.</returns>
    /// <exception cref="TorrentException">What is in its place is no file (AccessDenied), or is elsewhere (UnsafePath).</exception>
    public ResumeData? Load()
    {
        if (Read() is not { } record)
            return null;
        RestoreLayers(record);
        if (!record.Selection.AsSpan().SequenceEqual(Selection()))
            files.PreviousSelection = record.Selection;
        Bitfield have = record.Have.Clone();
        Bitfield suspect = new(Torrent.PieceCount);
        for (int piece = 0; piece < have.Length; piece++)
        {
            if (!files.Layout.WantedPieces[piece])
                have.Remove(piece);
        }

        for (int file = 0; file < Torrent.Files.Count; file++)
        {
            if (!Torrent.Files[file].IsPadding)
                Judge(file, record, have, suspect);
        }

        if (record.Boot.Length > 0 && !SystemStart.AreSame(record.Boot, SystemStart.Current()))
            AddWanted(suspect, 0, Torrent.PieceCount - 1);
        for (int piece = 0; piece < have.Length; piece++)
        {
            if (suspect[piece])
                have.Remove(piece);
        }

        return new ResumeData(have, suspect);
    }

    /// <summary>Takes of the resume file nothing but the hashes of pieces that peers gave: what is to be verified anew needs them.</summary>
    public void RestoreLayers()
    {
        if (Read() is { } record)
            RestoreLayers(record);
    }

    /// <summary>Takes of a record the hashes of pieces, as far as they are right.</summary>
    public void RestoreLayers(ResumeRecord record)
    {
        if (layers is null || record.Layers.IsEmpty)
            return;
        try
        {
            layers.Restore(record.Layers);
        }
        catch (TorrentException)
        {
            // Peers are asked again.
        }
    }

    /// <summary>A record with the hashes that are known now.</summary>
    public ResumeRecord WithLayers(ResumeRecord record) => layers is null ? record : record with { Layers = layers.LearntToBytes(ResumeRecord.MaxLayers) };

    /// <summary>
    /// Saves which pieces are verified and written: to a temporary file that then takes the place of the one before, so that there is a whole one at
    /// any time. Does nothing when read-only.
    /// </summary>
    /// <param name="have">The pieces: only such as <see cref="DataStore.Write"/> has returned for, or <see cref="DataStore.VerifyAsync"/> has found.</param>
    /// <param name="flush">
    /// Whether to flush the data first, which can take long. Without, the pieces are trusted as long as the system runs, also when this process is
    /// killed; after a restart of the system they are suspect.
    /// </param>
    /// <param name="underWay">
    /// Whether writing goes on: then a piece may be on disk that <paramref name="have"/> does not have yet, so files that were written since the save before
    /// are not vouched for. Nothing of them is lost that way, whenever the process is killed.
    /// </param>
    /// <returns>Whether all files are vouched for; when not, another save is due even if no piece is added.</returns>
    /// <exception cref="TorrentException">It could not be saved (DiskFull, AccessDenied); the one before is still there.</exception>
    public bool Save(Bitfield have, bool flush = false, bool underWay = false)
    {
        if (files.IsReadOnly)
            return true;
        lock (_lock)
        {
            files.CheckDestination();
            if (flush)
                files.Flush();

            // Windows sets the time of the last write only when a file is closed.
            if (OperatingSystem.IsWindows())
                files.CloseIdle();
            ResumeRecord record = MakeRecord(have, flush);
            bool isSettled = !underWay || !DisownUnsettled(record);
            byte[] bytes = record.Encode(Torrent.InfoHash);
            try
            {
                ControlFile.Check(Path);
                using (SafeFileHandle handle = files.Folder.OpenControlFile(TemporaryName, static path =>
                    File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.None)))
                {
                    RandomAccess.Write(handle, bytes, 0);
                    RandomAccess.FlushToDisk(handle);
                }

                PatientMove.Run(TemporaryPath, Path, overwrite: true);
            }
            catch (Exception e) when (DiskErrors.IsDiskError(e))
            {
                ControlFile.TryDelete(TemporaryPath);
                throw DiskErrors.From(e, Path, "cannot be written");
            }

            return isSettled;
        }
    }

    /// <summary>Takes out the times of files that were written since this was last asked, so that they are looked at again; false when there are none.</summary>
    private bool DisownUnsettled(ResumeRecord record)
    {
        bool any = false;
        for (int file = 0; file < files.Paths.Count; file++)
        {
            // After their times were read: what is written later has another time.
            if (!files.TakeUnsettled(file))
                continue;
            record.Times[file] = 0;
            any = true;
        }

        return any;
    }

    /// <summary>Removes the resume file and the parts file, and their folder when it is empty. Does nothing when read-only.</summary>
    public void Delete()
    {
        if (files.IsReadOnly)
            return;
        lock (_lock)
        {
            files.Close(files.PartsIndex);
            ControlFile.TryDelete(Path);
            ControlFile.TryDelete(TemporaryPath);
            ControlFile.TryDelete(files.PathOf(files.PartsIndex));
            files.Folder.RemoveControlFolder();
        }
    }

    private ResumeRecord? Read()
    {
        files.Folder.CheckLinks(files.Folder.ControlPath);
        try
        {
            // Without resume data everything is verified: slower, never wrong.
            Record = ControlFile.Read(Path, ResumeRecord.MaxLength(Torrent)) is { } bytes ? ResumeRecord.Decode(bytes, Torrent) : null;
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            Record = null;
        }

        return Record;
    }

    /// <summary>Takes from the trusted pieces what the state of one file makes doubtful.</summary>
    private void Judge(int file, ResumeRecord record, Bitfield have, Bitfield suspect)
    {
        (int first, int last) = files.Layout.PiecesOf(file);
        bool wasWanted = record.Selection[file];
        bool isWanted = files.IsWanted(file);
        if (isWanted && wasWanted)
        {
            (long size, long time) = SizeAndTime(file);
            if (size < 0)
            {
                for (int piece = first; piece <= last; piece++)
                    have.Remove(piece);
            }
            else if (size != Torrent.Files[file].Length || size != record.Sizes[file] || time != record.Times[file])
            {
                AddWanted(suspect, first, last);
            }
        }
        else if (isWanted != wasWanted)
        {
            AddWanted(suspect, first, last);
        }
        else if ((record.Sizes[files.PartsIndex], record.Times[files.PartsIndex]) != SizeAndTime(files.PartsIndex))
        {
            // Its bytes in shared pieces are in the parts file, which has been written since, or is gone.
            AddWanted(suspect, first, last);
        }
    }

    private void AddWanted(Bitfield pieces, int first, int last)
    {
        for (int piece = first; piece <= last; piece++)
        {
            if (files.Layout.WantedPieces[piece])
                pieces.Add(piece);
        }
    }

    /// <summary>A record of pieces, with the files as they are now.</summary>
    /// <param name="have">The pieces.</param>
    /// <param name="flushed">Whether all of it is on the disk itself.</param>
    public ResumeRecord MakeRecord(Bitfield have, bool flushed)
    {
        long[] sizes = new long[files.Paths.Count];
        long[] times = new long[files.Paths.Count];
        for (int file = 0; file < files.Paths.Count; file++)
        {
            // By its size a file is known as ours, also when it is wanted again only later.
            bool matters = file == files.PartsIndex || files.IsWanted(file) || Record?.Sizes[file] >= 0;
            (sizes[file], times[file]) = matters ? SizeAndTime(file) : (-1, 0);
        }

        return WithLayers(new ResumeRecord(have, Selection(), sizes, times, flushed ? "" : SystemStart.Current()));
    }

    /// <summary>The size and the time of a file; -1 and 0 when it is not there.</summary>
    public (long Size, long Time) SizeAndTime(int file)
    {
        FileInfo info = new(files.PathOf(file));
        return info.Exists ? (info.Length, info.LastWriteTimeUtc.Ticks) : (-1, 0);
    }

    /// <summary>Which files are wanted.</summary>
    public bool[] Selection()
    {
        bool[] selection = new bool[Torrent.Files.Count];
        for (int i = 0; i < selection.Length; i++)
            selection[i] = files.IsWanted(i);
        return selection;
    }
}
