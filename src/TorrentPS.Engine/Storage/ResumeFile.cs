using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Engine.Storage.Records;

namespace TorrentPS.Engine.Storage;

/// <summary>The resume file of a torrent: the verified pieces, and the sizes and times of the files at that moment. Thread-safe.</summary>
internal sealed class ResumeFile(StoredFiles files, PieceLayers? layers)
{
    private readonly Lock _lock = new();

    /// <summary>The record of an earlier run, once it is read; null if there is none.</summary>
    public ResumeRecord? Record { get; private set; }

    /// <summary>The path of the file.</summary>
    public string Path => System.IO.Path.Join(files.Folder.ControlPath, $"{Torrent.InfoHash}.resume");

    /// <summary>The path of the file while it is written.</summary>
    public string TemporaryPath => System.IO.Path.Join(files.Folder.ControlPath, TemporaryName);

    private string TemporaryName => $"{Torrent.InfoHash}.resume.tmp";

    private Torrent Torrent => files.Torrent;

    /// <summary>
    /// Reads the resume file and compares it with the files. All pieces of a file that was written after the save (because a download was killed) are suspect; this finds
    /// pieces that were completed after the save.
    /// </summary>
    /// <returns>Null if the file is missing, unreadable, damaged, or belongs to another torrent.</returns>
    /// <exception cref="TorrentException">Something other than a file is in its place (AccessDenied), or it is outside the folder (UnsafePath).</exception>
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

    /// <summary>Restores only the piece hashes received from peers, which are needed to verify the data again.</summary>
    public void RestoreLayers()
    {
        if (Read() is { } record)
            RestoreLayers(record);
    }

    /// <summary>Restores the piece hashes of a record, as far as they are correct.</summary>
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

    /// <summary>Adds the known hashes to a record.</summary>
    public ResumeRecord WithLayers(ResumeRecord record) => layers is null ? record : record with { Layers = layers.LearntToBytes(ResumeRecord.MaxLayers) };

    /// <summary>
    /// Saves the verified and written pieces to a temporary file, which then replaces the previous file, so that a complete one exists at any time. Does nothing when
    /// read-only.
    /// </summary>
    /// <param name="have">The pieces: only those for which <see cref="DataStore.Write"/> has returned, or that <see cref="DataStore.VerifyAsync"/> has found.</param>
    /// <param name="flush">
    /// Whether to flush the data first, which can take long. Otherwise, the pieces are trusted as long as the system runs, even if this process is killed; after a
    /// restart of the system they are suspect.
    /// </param>
    /// <param name="underWay">
    /// Whether writing continues: then a piece may be on disk that <paramref name="have"/> does not contain yet, so files that were written since the previous save are
    /// not vouched for. This way nothing of them is lost, whenever the process is killed.
    /// </param>
    /// <returns>Whether all files are vouched for; if not, another save is due even without new pieces.</returns>
    /// <exception cref="TorrentException">The file could not be saved (DiskFull, AccessDenied); the previous one still exists.</exception>
    public bool Save(Bitfield have, bool flush = false, bool underWay = false)
    {
        if (files.IsReadOnly)
            return true;
        lock (_lock)
        {
            files.CheckDestination();
            if (flush)
                files.Flush();

            // Windows updates the last write time only when a file is closed.
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

    /// <summary>Removes the times of files that were written since the last call, so that they will be checked again; false if there are none.</summary>
    private bool DisownUnsettled(ResumeRecord record)
    {
        bool any = false;
        for (int file = 0; file < files.Paths.Count; file++)
        {
            // After reading their times: a later write changes the time.
            if (!files.TakeUnsettled(file))
                continue;
            record.Times[file] = 0;
            any = true;
        }

        return any;
    }

    /// <summary>Removes the resume file and the parts file, and their folder if it is empty. Does nothing when read-only.</summary>
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
            // Without resume data everything is verified: slower, but never wrong.
            Record = ControlFile.Read(Path, ResumeRecord.MaxLength(Torrent)) is { } bytes ? ResumeRecord.Decode(bytes, Torrent) : null;
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            Record = null;
        }

        return Record;
    }

    /// <summary>Removes the pieces that the state of one file makes doubtful from the trusted pieces.</summary>
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

    /// <summary>Creates a record of pieces, with the current sizes and times of the files.</summary>
    /// <param name="have">The pieces.</param>
    /// <param name="flushed">Whether all data has been flushed to the disk.</param>
    public ResumeRecord MakeRecord(Bitfield have, bool flushed)
    {
        long[] sizes = new long[files.Paths.Count];
        long[] times = new long[files.Paths.Count];
        for (int file = 0; file < files.Paths.Count; file++)
        {
            // The size identifies a file as ours, even if it is wanted again only later.
            bool matters = file == files.PartsIndex || files.IsWanted(file) || Record?.Sizes[file] >= 0;
            (sizes[file], times[file]) = matters ? SizeAndTime(file) : (-1, 0);
        }

        return WithLayers(new ResumeRecord(have, Selection(), sizes, times, flushed ? "" : SystemStart.Current()));
    }

    /// <summary>The size and time of a file; -1 and 0 if it is missing.</summary>
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
