using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>Resume and parts file.</summary>
internal sealed partial class DataStore
{
    private readonly Lock _resumeLock = new();
    private bool[]? _previousSelection;
    private ResumeRecord? _record; // as it was found

    private string ResumePath => Path.Join(_folder.ControlPath, ResumeName);

    private string ResumeName => $"{Torrent.InfoHash}.resume";

    private string TemporaryName => $"{Torrent.InfoHash}.resume.tmp";

    /// <summary>
    /// Reads the resume file and holds it against the files. Pieces of a file that has been written since the save (a download was killed) are
    /// suspect, all of them: those completed after the save are found again that way.
    /// </summary>
    /// <returns>Null when there is none, when it cannot be read or is damaged, and when it is another torrent's.</returns>
    /// <exception cref="TorrentException">What is in its place is no file (AccessDenied), or is elsewhere (UnsafePath).</exception>
    public ResumeData? LoadResume()
    {
        if (ReadResume() is not { } record)
            return null;
        RestoreLayers(record);
        if (!record.Selection.AsSpan().SequenceEqual(Selection()))
            _previousSelection = record.Selection;
        Bitfield have = record.Have.Clone();
        Bitfield suspect = new(Torrent.PieceCount);
        for (int piece = 0; piece < have.Length; piece++)
        {
            if (!WantedPieces[piece])
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
        if (ReadResume() is { } record)
            RestoreLayers(record);
    }

    /// <summary>Takes of a record the hashes of pieces, as far as they are right.</summary>
    public void RestoreLayers(ResumeRecord record)
    {
        if (Layers is null || record.Layers.IsEmpty)
            return;
        try
        {
            Layers.Restore(record.Layers);
        }
        catch (TorrentException)
        {
            // Peers are asked again.
        }
    }

    /// <summary>A record with the hashes that are known now.</summary>
    public ResumeRecord WithLayers(ResumeRecord record) => Layers is null ? record : record with { Layers = Layers.LearntToBytes(ResumeRecord.MaxLayers) };

    /// <summary>
    /// Saves which pieces are verified and written: to a temporary file that then takes the place of the one before, so that there is a whole one at
    /// any time. Does nothing when read-only.
    /// </summary>
    /// <param name="have">The pieces: only such as <see cref="Write"/> has returned for, or <see cref="VerifyAsync"/> has found.</param>
    /// <param name="flush">
    /// Whether to <see cref="Flush"/> the data first, which can take long. Without, the pieces are trusted as long as the system runs, also when this process is
    /// killed; after a restart of the system they are suspect.
    /// </param>
    /// <param name="underWay">
    /// Whether writing goes on: then a piece may be on disk that <paramref name="have"/> does not have yet, so files that were written since the save before
    /// are not vouched for. Nothing of them is lost that way, whenever the process is killed.
    /// </param>
    /// <returns>Whether all files are vouched for; when not, another save is due even if no piece is added.</returns>
    /// <exception cref="TorrentException">It could not be saved (DiskFull, AccessDenied); the one before is still there.</exception>
    public bool SaveResume(Bitfield have, bool flush = false, bool underWay = false)
    {
        if (_readOnly)
            return true;
        lock (_resumeLock)
        {
            CheckDestination();
            if (flush)
                Flush();

            // Windows sets the time of the last write only when a file is closed.
            if (OperatingSystem.IsWindows())
                _handles.CloseIdle();
            ResumeRecord record = MakeRecord(have, flush);
            bool isSettled = !underWay || !DisownUnsettled(record);
            byte[] bytes = record.Encode(Torrent.InfoHash);
            string temporary = Path.Join(_folder.ControlPath, TemporaryName);
            try
            {
                ControlFile.Check(ResumePath);
                using (SafeFileHandle handle = _folder.OpenControlFile(TemporaryName, static path =>
                    File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.None)))
                {
                    RandomAccess.Write(handle, bytes, 0);
                    RandomAccess.FlushToDisk(handle);
                }

                PatientMove.Run(temporary, ResumePath, overwrite: true);
            }
            catch (Exception e) when (DiskErrors.IsDiskError(e))
            {
                TryDelete(temporary);
                throw DiskErrors.From(e, ResumePath, "cannot be written");
            }

            return isSettled;
        }
    }

    /// <summary>Takes out the times of files that were written since this was last asked, so that they are looked at again; false when there are none.</summary>
    private bool DisownUnsettled(ResumeRecord record)
    {
        bool any = false;
        for (int file = 0; file < _unsettled.Length; file++)
        {
            // After their times were read: what is written later has another time.
            if (!Interlocked.Exchange(ref _unsettled[file], false))
                continue;
            record.Times[file] = 0;
            any = true;
        }

        return any;
    }

    /// <summary>Removes the resume file and the parts file, and their folder when it is empty. Does nothing when read-only.</summary>
    public void DeleteResume()
    {
        if (_readOnly)
            return;
        lock (_resumeLock)
        {
            _handles.Close(PartsIndex);
            TryDelete(ResumePath);
            TryDelete(Path.Join(_folder.ControlPath, TemporaryName));
            TryDelete(_paths[PartsIndex]);
            _folder.RemoveControlFolder();
        }
    }

    private ResumeRecord? ReadResume()
    {
        _folder.CheckLinks(_folder.ControlPath);
        try
        {
            // Without resume data everything is verified: slower, never wrong.
            _record = ControlFile.Read(ResumePath, ResumeRecord.MaxLength(Torrent)) is { } bytes ? ResumeRecord.Decode(bytes, Torrent) : null;
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            _record = null;
        }

        return _record;
    }

    /// <summary>Takes from the trusted pieces what the state of one file makes doubtful.</summary>
    private void Judge(int file, ResumeRecord record, Bitfield have, Bitfield suspect)
    {
        (int first, int last) = _layout.PiecesOf(file);
        bool wasWanted = record.Selection[file];
        bool isWanted = _layout.IsWanted(file);
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
        else if ((record.Sizes[PartsIndex], record.Times[PartsIndex]) != SizeAndTime(PartsIndex))
        {
            // Its bytes in shared pieces are in the parts file, which has been written since, or is gone.
            AddWanted(suspect, first, last);
        }
    }

    private void AddWanted(Bitfield pieces, int first, int last)
    {
        for (int piece = first; piece <= last; piece++)
        {
            if (WantedPieces[piece])
                pieces.Add(piece);
        }
    }

    private ResumeRecord MakeRecord(Bitfield have, bool flushed)
    {
        long[] sizes = new long[_paths.Length];
        long[] times = new long[_paths.Length];
        for (int file = 0; file < _paths.Length; file++)
        {
            // By its size a file is known as ours, also when it is wanted again only later.
            bool matters = file == PartsIndex || _layout.IsWanted(file) || _record?.Sizes[file] >= 0;
            (sizes[file], times[file]) = matters ? SizeAndTime(file) : (-1, 0);
        }

        return WithLayers(new ResumeRecord(have, Selection(), sizes, times, flushed ? "" : SystemStart.Current()));
    }

    private (long Size, long Time) SizeAndTime(int file)
    {
        FileInfo info = new(_paths[file]);
        return info.Exists ? (info.Length, info.LastWriteTimeUtc.Ticks) : (-1, 0);
    }

    private bool[] Selection()
    {
        bool[] selection = new bool[Torrent.Files.Count];
        for (int i = 0; i < selection.Length; i++)
            selection[i] = _layout.IsWanted(i);
        return selection;
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            // What cannot be removed does no harm.
        }
    }
}
