using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Engine.Storage.Records;

namespace TorrentPS.Engine.Storage;

/// <summary>
/// The data of one torrent on disk: its files at their final names below the destination, and, beside them in <c>.torrentps</c>, the resume file
/// and the parts file. Reading and writing are positioned, synchronous and safe to do from several threads at once.
/// </summary>
/// <remarks>
/// <para>
/// A piece at the border of a wanted and an unwanted file has bytes of both. Those of the unwanted file go to the parts file, so that the piece can be verified and
/// uploaded without creating the unwanted file. Padding files (BEP 47) are not on disk: they read as zeros.
/// </para>
/// <para>
/// Order of use: a <see cref="DestinationLock"/>, then <see cref="LoadResume"/>, <see cref="Survey"/>, <see cref="VerifyAsync"/> of suspect pieces or, without resume
/// data, of all pieces, and <see cref="CheckOwners"/>: so far nothing is written. Then <see cref="Prepare()"/>, and <see cref="VerifyAsync"/> of pieces that <see
/// cref="MayBeElsewhere"/>; then <see cref="Write"/>, <see cref="TryRead"/> and from time to time <see cref="SaveResume"/>.
/// </para>
/// <para>Separate types do the work and share the <see cref="StoredFiles"/>; this one combines them.</para>
/// </remarks>
internal sealed class DataStore : IChangedFiles, IDisposable
{
    /// <summary>Describes a file that exists but has changed.</summary>
    public const string Changed = "was changed by another program, or its disk has a fault";

    private readonly StoredFiles _files;
    private readonly PieceVerifier _verifier;
    private readonly PieceExaminer _examiner;
    private readonly ResumeFile _resume;
    private readonly FileOwners _owners;
    private readonly SeedData _seedData;

    /// <param name="torrent">The torrent.</param>
    /// <param name="destination">The folder that its file or folder goes into.</param>
    /// <param name="wantedFiles">Which files to store, one value per file; padding files never are.</param>
    /// <param name="readOnly">Whether nothing is ever created or written: for seeding existing data. The parts file is then not used, and links are followed.</param>
    /// <exception cref="TorrentException">A path in the torrent cannot be used (UnsafePath).</exception>
    public DataStore(Torrent torrent, string destination, bool[] wantedFiles, bool readOnly = false)
        : this(torrent, destination, new FileLayout(torrent, wantedFiles), PieceLayers.Of(torrent), readOnly)
    {
    }

    /// <summary>Creates a store that shares its layout and hashes.</summary>
    public DataStore(Torrent torrent, string destination, FileLayout layout, PieceLayers? layers, bool readOnly)
    {
        Torrent = torrent;
        Layers = layers;
        _files = new StoredFiles(torrent, destination, layout, readOnly);
        _verifier = new PieceVerifier(_files, Layers);
        _examiner = new PieceExaminer(_files, _verifier, Layers);
        _resume = new ResumeFile(_files, Layers);
        _owners = new FileOwners(_files, _resume);
        _seedData = new SeedData(_files, _resume);
        DataPath = _files.Folder.FullPath(torrent.Name);
    }

    /// <summary>The torrent.</summary>
    public Torrent Torrent { get; }

    /// <summary>The hashes of the pieces of a version 2 or hybrid torrent; null for a v1 torrent.</summary>
    public PieceLayers? Layers { get; }

    /// <summary>The full path of the file, or of the folder if there are several files.</summary>
    public string DataPath { get; }

    /// <summary>The pieces that overlap a wanted file.</summary>
    public Bitfield WantedPieces => _files.Layout.WantedPieces;

    /// <summary>The number of bytes in the wanted files.</summary>
    public long BytesWanted => _files.Layout.BytesWanted;

    /// <summary>The folders in which the destination, or a folder above it, was created; <see cref="FlushAll"/> flushes them, too.</summary>
    public IReadOnlyList<string> FoldersMadeIn { get; init; } = [];

    internal string ControlPath => _files.Folder.ControlPath;

    /// <inheritdoc cref="FileLayout.BytesWantedIn"/>
    public long BytesWantedIn(int piece) => _files.Layout.BytesWantedIn(piece);

    /// <inheritdoc cref="FileLayout.PiecesOf"/>
    public (int First, int Last) PiecesOf(int file) => _files.Layout.PiecesOf(file);

    /// <inheritdoc cref="StoredFiles.PathOf"/>
    public string PathOnDisk(int file) => _files.PathOf(file);

    /// <summary>The length of each file on disk, and of the parts file after the last; -1 for missing files.</summary>
    public long[] LengthsOnDisk() => [.. _files.Paths.Select((path, file) => path.Length == 0 ? -1 : _files.LengthOnDisk(file))];

    /// <summary>
    /// Writes part of a piece. A piece that overlaps no wanted file is refused.
    /// </summary>
    /// <param name="piece">The piece.</param>
    /// <param name="begin">The offset of the bytes in the piece.</param>
    /// <param name="buffers">The bytes, in consecutive buffers.</param>
    /// <exception cref="TorrentException">The bytes could not be written (DiskFull, AccessDenied, UnsafePath), or the file was removed (DataMismatch).</exception>
    public void Write(int piece, int begin, IReadOnlyList<ReadOnlyMemory<byte>> buffers)
    {
        if (_files.IsReadOnly)
            throw new InvalidOperationException("The data is opened for reading only.");
        BufferCursor cursor = new(buffers);
        CheckRange(piece, begin, cursor.Length);
        foreach (FileSegment segment in _files.Layout.Segments(piece, begin, (int)cursor.Length))
        {
            if (Torrent.Files[segment.File].IsPadding)
                cursor.Skip(segment.Length);
            else
                _files.Write(segment, cursor.Take(segment.Length));
        }
    }

    /// <summary>Reads part of a piece.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="begin">The offset of the bytes in the piece.</param>
    /// <param name="destination">Receives the bytes; zeros behind the end of a file of a v2 torrent, in the same piece.</param>
    /// <returns>False if a file is missing or too short; the destination is then undefined.</returns>
    /// <exception cref="TorrentException">The bytes could not be read (AccessDenied, UnsafePath).</exception>
    public bool TryRead(int piece, int begin, Span<byte> destination)
    {
        if (Torrent.Version == TorrentVersion.V2 && Torrent.LengthOfPiece(piece) is var length && begin + destination.Length > length)
        {
            int inFile = Math.Max(0, length - begin);
            destination[inFile..].Clear();
            destination = destination[..inFile];
            begin = Math.Min(begin, length);
        }

        CheckRange(piece, begin, destination.Length);
        return _files.TryRead(piece, begin, destination, ByteSource.Selection);
    }

    /// <summary>Waits until written data is on the disk itself, where it survives a power failure.</summary>
    /// <exception cref="TorrentException">The data could not be flushed (DiskFull, AccessDenied).</exception>
    public void Flush() => _files.Flush();

    /// <summary>
    /// Flushes files and folder entries, then checks that every file is at its path. On some systems, writing to an open file succeeds even after the file was removed.
    /// </summary>
    /// <exception cref="TorrentException">The data could not be flushed (DiskFull, AccessDenied), or the destination (AccessDenied) or a file (DataMismatch) is
    /// gone.</exception>
    public void FlushAll()
    {
        Flush();
        _files.CheckDestination();
        HashSet<string> folders = [.. FoldersMadeIn];
        for (int file = 0; file < Torrent.Files.Count; file++)
        {
            if (!_files.IsWanted(file))
                continue;
            _files.CutAtEnd(file);
            if (!IsInPlace(file))
                throw _files.Removed(file);
            for (string? folder = Path.GetDirectoryName(_files.PathOf(file)); folder is not null && folder.Length >= _files.Folder.Path.Length && folders.Add(folder);)
                folder = Path.GetDirectoryName(folder);
        }

        foreach (string folder in folders)
            FolderEntries.Flush(folder);
    }

    /// <summary>Closes the files. Writes in progress are not disturbed.</summary>
    public void Dispose() => _files.Dispose();

    /// <summary>
    /// Checks that the destination and the files in use still exist. Costs a system call for each of the few open files.
    /// </summary>
    /// <exception cref="TorrentException">The destination (AccessDenied) or a file (DataMismatch) is gone.</exception>
    public void CheckPresence()
    {
        _files.CheckDestination();
        foreach (int file in _files.OpenFiles())
        {
            if (_files.LengthOnDisk(file) < 0)
                throw _files.Removed(file);
        }
    }

    /// <summary>Removes the pieces of missing wanted files.</summary>
    public void RemoveMissing(Bitfield have)
    {
        for (int file = 0; file < Torrent.Files.Count; file++)
        {
            if (!_files.IsWanted(file) || Torrent.Files[file].Length == 0 || _files.LengthOnDisk(file) >= 0)
                continue;
            (int first, int last) = PiecesOf(file);
            for (int piece = first; piece <= last; piece++)
                have.Remove(piece);
        }
    }

    /// <inheritdoc cref="FileOwners.Survey()"/>
    public void Survey() => _owners.Survey();

    /// <inheritdoc cref="FileOwners.Check(Bitfield, CancellationToken)"/>
    public void CheckOwners(Bitfield have, CancellationToken cancellationToken) => _owners.Check(have, cancellationToken);

    /// <summary>Creates the files when the existing data is not known.</summary>
    public void Prepare() => Prepare(null);

    /// <inheritdoc cref="FilePreparation.Run"/>
    public void Prepare(Bitfield? have) => new FilePreparation(_files, _owners).Run(have);

    /// <summary>
    /// Stores more files from now on, while the others are read and written: inspects existing files in their places, creates the files, and fills in their data from the
    /// parts file.
    /// </summary>
    /// <param name="files">The files, none of which is stored yet.</param>
    /// <param name="have">The complete pieces.</param>
    /// <param name="overwrite">Whether existing files that are not the torrent's are overwritten.</param>
    /// <param name="claim">Reserves their paths, before anything is written.</param>
    /// <param name="cancellationToken">Cancels it within one read, until something is written.</param>
    /// <returns>The pieces found in existing files.</returns>
    /// <exception cref="TorrentException">The exceptions of <see cref="Survey"/>, <see cref="CheckOwners"/>, <see cref="Prepare()"/> and the claim.</exception>
    public async Task<Bitfield> StoreAsync(IReadOnlyList<int> files, Bitfield have, bool overwrite, Action claim, CancellationToken cancellationToken)
    {
        foreach (int file in files)
            _owners.Survey(file);
        bool[] isPresent = new bool[Torrent.PieceCount];
        foreach (int file in files.Where(file => _files.Found![file].Length > 0))
        {
            (int first, int last) = PiecesOf(file);
            for (int piece = first; piece <= last; piece++)
                isPresent[piece] = !have[piece] && !WantedPieces[piece];
        }

        Bitfield found = await VerifyAsync(piece => isPresent[piece], null, cancellationToken).ConfigureAwait(false);
        Bitfield right = have.Clone();
        foreach (int piece in found.All())
            right.Add(piece);
        if (!overwrite)
            _owners.Check(files, InPlace(files, right), cancellationToken);
        claim();
        new FilePreparation(_files, _owners).Make(files, right);
        Bitfield written = WantedPieces.Clone();
        foreach (int file in files)
            _files.Store(file, written);
        return found;
    }

    /// <summary>The right pieces, except those whose data of some file is in the parts file, and differs from what is in the file's place.</summary>
    private Bitfield InPlace(IReadOnlyList<int> files, Bitfield right)
    {
        Bitfield inPlace = right.Clone();
        foreach (int file in files.Where(file => _files.Found![file].Length > 0 && Torrent.Files[file].Length > 0))
        {
            foreach (int piece in _files.Layout.BorderPiecesOf(file))
            {
                if (right[piece] && _files.DiffersFromParts(file, piece))
                    inPlace.Remove(piece);
            }
        }

        return inPlace;
    }

    /// <inheritdoc cref="PieceVerifier.VerifyAsync"/>
    public Task<Bitfield> VerifyAsync(Func<int, bool> which, Action<int>? pieceChecked, CancellationToken cancellationToken) => _verifier.VerifyAsync(which, pieceChecked, cancellationToken);

    /// <inheritdoc cref="PieceVerifier.HashAllAsync"/>
    public Task<PieceDigests> HashAllAsync(Action<int>? pieceHashed, CancellationToken cancellationToken) => _verifier.HashAllAsync(pieceHashed, cancellationToken);

    /// <inheritdoc cref="PieceVerifier.IsStillRight"/>
    public bool IsStillRight(int piece) => _verifier.IsStillRight(piece);

    /// <inheritdoc cref="PieceVerifier.MayBeElsewhere"/>
    public bool MayBeElsewhere(int piece) => _verifier.MayBeElsewhere(piece);

    /// <inheritdoc cref="PieceExaminer.RunAsync"/>
    public Task ExamineAsync(List<int> pieces, long[] lengths, Action<int, PieceCondition> examined, Action<int>? piecesDone, CancellationToken cancellationToken) =>
        _examiner.RunAsync(pieces, lengths, examined, piecesDone, cancellationToken);

    /// <inheritdoc cref="PieceExaminer.ReadError"/>
    public TorrentException? ReadError(int file) => _examiner.ReadError(file);

    /// <inheritdoc cref="DataReuse.RunAsync"/>
    public Task<long> ReuseAsync(Bitfield have, IReadOnlyList<string> roots, Action<int, int>? pieceChecked, CancellationToken cancellationToken) =>
        new DataReuse(_files, _verifier, Layers).RunAsync(have, roots, pieceChecked, cancellationToken);

    /// <inheritdoc cref="ResumeFile.Load"/>
    public ResumeData? LoadResume() => _resume.Load();

    /// <inheritdoc cref="ResumeFile.RestoreLayers()"/>
    public void RestoreLayers() => _resume.RestoreLayers();

    /// <inheritdoc cref="ResumeFile.RestoreLayers(ResumeRecord)"/>
    public void RestoreLayers(ResumeRecord record) => _resume.RestoreLayers(record);

    /// <inheritdoc cref="ResumeFile.WithLayers"/>
    public ResumeRecord WithLayers(ResumeRecord record) => _resume.WithLayers(record);

    /// <inheritdoc cref="ResumeFile.Save"/>
    public bool SaveResume(Bitfield have, bool flush = false, bool underWay = false) => _resume.Save(have, flush, underWay);

    /// <inheritdoc cref="ResumeFile.Delete"/>
    public void DeleteResume() => _resume.Delete();

    /// <inheritdoc cref="SeedData.HasMissingFiles"/>
    public bool HasMissingFiles => _seedData.HasMissingFiles;

    /// <inheritdoc cref="SeedData.HasAllLengths"/>
    public bool HasAllLengths => _seedData.HasAllLengths;

    /// <inheritdoc cref="SeedData.MakeRecord"/>
    public ResumeRecord MakeSeedRecord() => _seedData.MakeRecord();

    /// <inheritdoc cref="SeedData.IsUnchangedSince"/>
    public bool IsUnchangedSince(ResumeRecord record) => _seedData.IsUnchangedSince(record);

    /// <inheritdoc cref="SeedData.DescribeFaults"/>
    public string DescribeFaults(Bitfield? have) => _seedData.DescribeFaults(have);

    /// <summary>Records the last write times of the files. Call this before they are verified, so that later writes are noticed.</summary>
    public void NoteTimes()
    {
        for (int file = 0; file < Torrent.Files.Count; file++)
        {
            if (_files.IsWanted(file))
                _files.Others.Note(file, FileStatus.At(_files.PathOf(file)).Written);
        }
    }

    /// <inheritdoc cref="StoredFiles.LookAtOpenFiles"/>
    public void LookAtOpenFiles() => _files.LookAtOpenFiles();

    /// <summary>The next file that another program has written, or that is doubtful for another reason; it is reopened, because it may have been replaced.</summary>
    public bool TryTakeDoubtful(out int file)
    {
        if (!_files.Others.TryTakeDoubtful(out file))
            return false;
        _files.Close(file);
        return true;
    }

    /// <inheritdoc cref="OtherWriters.HaveTouched"/>
    public bool IsTouched(int file) => _files.Others.HaveTouched(file);

    /// <inheritdoc cref="OtherWriters.Touch"/>
    public void Touch(int file) => _files.Others.Touch(file);

    /// <inheritdoc cref="OtherWriters.Doubt"/>
    public void Doubt(int file) => _files.Others.Doubt(file);

    /// <inheritdoc cref="OtherWriters.Trust"/>
    public void Trust(int file) => _files.Others.Trust(file);

    /// <summary>Why a file could not be read; null if it could.</summary>
    public TorrentException? ReadFailure(int file) => _files.ReadFailures.GetValueOrDefault(file);

    /// <summary>Describes the change of a file.</summary>
    public string DescribeChange(int file)
    {
        long length = _files.LengthOnDisk(file);
        return length < 0 ? "was removed" : length < Torrent.Files[file].Length ? $"was cut to {length} of {Torrent.Files[file].Length} bytes" : Changed;
    }

    /// <summary>
    /// The wanted files that a piece overlaps: those that could not be read; otherwise those that are missing or too short; otherwise those that another program has
    /// written, if any.
    /// </summary>
    public List<int> FilesBehind(int piece)
    {
        List<int> files = [];
        foreach (FileSegment segment in _files.Layout.Segments(piece, 0, Torrent.LengthOfPiece(piece)))
        {
            if (_files.IsWanted(segment.File))
                files.Add(segment.File);
        }

        List<int> unread = files.FindAll(_files.ReadFailures.ContainsKey);
        if (unread.Count > 0)
            return unread;
        List<int> cut = files.FindAll(file => _files.LengthOnDisk(file) < Torrent.Files[file].Length), touched = files.FindAll(IsTouched);
        return cut.Count > 0 ? cut : touched.Count > 0 ? touched : files;
    }

    /// <summary>Verifies the files that another program has written since they were prepared. Call this after everything is written and flushed.</summary>
    /// <returns>The pieces that are no longer correct.</returns>
    /// <exception cref="TorrentException">A file cannot be read (AccessDenied).</exception>
    public async Task<Bitfield> FindOverwrittenAsync(CancellationToken cancellationToken)
    {
        Bitfield doubtful = new(Torrent.PieceCount);
        for (int file = 0; file < Torrent.Files.Count; file++)
        {
            if (!_files.IsWanted(file) || !IsTouched(file))
                continue;
            (int first, int last) = PiecesOf(file);
            for (int piece = first; piece <= last; piece++)
                doubtful.Add(piece);
        }

        if (doubtful.IsEmpty)
            return doubtful;
        Bitfield good = await VerifyAsync(piece => doubtful[piece], null, cancellationToken).ConfigureAwait(false);
        foreach (int piece in good.All())
            doubtful.Remove(piece);
        return doubtful;
    }

    /// <summary>Names the files that another program has damaged.</summary>
    /// <param name="overwritten">The result of <see cref="FindOverwrittenAsync"/>.</param>
    public string DescribeOverwritten(Bitfield overwritten)
    {
        int file = 0;
        foreach (FileSegment segment in _files.Layout.Segments(overwritten.All().First(), 0, Torrent.LengthOfPiece(overwritten.All().First())))
        {
            file = segment.File;
            if (IsTouched(file))
                break;
        }

        string pieces = overwritten.Count == 1 ? "a piece is" : $"{overwritten.Count} pieces are";
        return $"'{_files.PathOf(file)}' was written by another program while it was downloaded, and {pieces} damaged. End that program and run the same command again: only the damaged data is downloaded.";
    }

    /// <summary>Whether the file at its path has the right length, and is the open one.</summary>
    private bool IsInPlace(int file)
    {
        FileStatus found = FileStatus.At(_files.PathOf(file));
        if (found.Kind != EntryKind.File || found.Length != Torrent.Files[file].Length)
            return false;
        _files.Others.Look(file, found.Written);
        return OperatingSystem.IsWindows() || _files.IsOpenOne(file, found); // there, the time of an open file may differ from that of its path
    }

    private void CheckRange(int piece, int begin, long length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)piece, (uint)Torrent.PieceCount, nameof(piece));
        ArgumentOutOfRangeException.ThrowIfNegative(begin);
        if (begin + length > Torrent.LengthOfPiece(piece))
            throw new ArgumentOutOfRangeException(nameof(begin), "The bytes reach beyond the end of the piece.");
    }
}
