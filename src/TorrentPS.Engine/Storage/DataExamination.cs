using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>Computes the state of each file from the states of its pieces.</summary>
internal sealed class DataExamination : IDisposable
{
    private readonly Torrent _torrent;
    private readonly DataStore _store;
    private readonly FileLayout _layout;
    private readonly PieceCondition[] _conditions;
    private readonly int[] _piecesLeft;
    private readonly Lock _lock = new();
    private long[] _lengths = [];
    private int _nextFile;

    /// <exception cref="Errors.TorrentException">The patterns leave no file, or a path in the torrent cannot be used (UnsafePath).</exception>
    public DataExamination(Torrent torrent, string folder, IReadOnlyList<string> include, IReadOnlyList<string> exclude)
    {
        _torrent = torrent;
        bool[] wanted = FileSelection.Select(torrent, include, exclude);
        _layout = new FileLayout(torrent, wanted);
        _store = new DataStore(torrent, folder, wanted, readOnly: true);
        _conditions = new PieceCondition[torrent.PieceCount];
        _piecesLeft = new int[torrent.Files.Count];
    }

    /// <summary>Checks the files.</summary>
    /// <param name="report">Receives a report for each file, in the torrent's order; from any thread, one at a time.</param>
    /// <param name="progress">Receives the checked and the total bytes; from any thread.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    public async Task RunAsync(Action<TorrentDataReport> report, Action<long, long>? progress, CancellationToken cancellationToken)
    {
        _lengths = _store.LengthsOnDisk();
        List<int> pieces = [];
        for (int piece = 0; piece < _torrent.PieceCount; piece++)
        {
            if (_layout.WantedPieces[piece])
                pieces.Add(piece);
        }

        for (int file = 0; file < _piecesLeft.Length; file++)
        {
            (int first, int last) = _layout.PiecesOf(file);
            _piecesLeft[file] = last - first + 1;
        }

        long total = (long)pieces.Count * _torrent.PieceLength;
        Action<int>? piecesDone = progress is null ? null : done => progress((long)done * _torrent.PieceLength, total);
        await _store.ExamineAsync(pieces, _lengths, (piece, condition) => Note(piece, condition, report), piecesDone, cancellationToken).ConfigureAwait(false);

        // Files without a piece to read have not been reported by any piece.
        lock (_lock)
            ReportDone(report);
    }

    public void Dispose() => _store.Dispose();

    private void Note(int piece, PieceCondition condition, Action<TorrentDataReport> report)
    {
        lock (_lock)
        {
            _conditions[piece] = condition;
            bool anyDone = false;
            foreach (FileSegment segment in _layout.Segments(piece, 0, _torrent.LengthOfPiece(piece)))
                anyDone |= --_piecesLeft[segment.File] == 0;
            if (anyDone)
                ReportDone(report);
        }
    }

    private void ReportDone(Action<TorrentDataReport> report)
    {
        for (; _nextFile < _piecesLeft.Length; _nextFile++)
        {
            if (!_layout.IsWanted(_nextFile))
                continue;
            if (_piecesLeft[_nextFile] > 0)
                return;
            report(Describe(_nextFile));
        }
    }

    private TorrentDataReport Describe(int file)
    {
        TorrentFile entry = _torrent.Files[file];
        long present = Math.Min(_lengths[file], entry.Length);
        long complete = 0, bad = 0;
        int piecesBad = 0;
        (int first, int last) = _layout.PiecesOf(file);
        for (int piece = first; piece <= last; piece++)
        {
            long begin = (long)piece * _torrent.PieceLength;
            long bytes = Math.Min(begin + _torrent.PieceLength, entry.Offset + entry.Length) - Math.Max(begin, entry.Offset);
            if (present < 0)
                continue;
            if (_conditions[piece] == PieceCondition.Right)
                complete += bytes;
            else if (_conditions[piece] == PieceCondition.Wrong)
                (bad, piecesBad) = (bad + bytes, piecesBad + 1);
        }

        long missing = entry.Length - Math.Max(0, present);
        return new TorrentDataReport
        {
            Path = entry.Path,
            FullName = _store.PathOnDisk(file),
            Length = entry.Length,
            LengthOnDisk = _lengths[file] < 0 ? null : _lengths[file],
            Status = StatusOf(file, complete, bad),
            BytesComplete = complete,
            BytesBad = bad,
            BytesMissing = missing,
            BytesUnverified = entry.Length - complete - bad - missing,
            PieceCount = last - first + 1,
            PiecesBad = piecesBad,
            Index = entry.Index,
            TorrentName = _torrent.Name,
            InfoHash = _torrent.InfoHash.ToString(),
            Error = _store.ReadError(file)?.Message,
            ErrorId = _store.ReadError(file)?.ErrorId,
        };
    }

    private TorrentDataStatus StatusOf(int file, long complete, long bad) => this switch
    {
        _ when _lengths[file] < 0 => TorrentDataStatus.Missing,
        _ when _store.ReadError(file) is not null => TorrentDataStatus.Unreadable,
        _ when _lengths[file] != _torrent.Files[file].Length => TorrentDataStatus.WrongSize,
        _ when bad > 0 => TorrentDataStatus.Damaged,
        _ when complete < _torrent.Files[file].Length => TorrentDataStatus.Unverified,
        _ => TorrentDataStatus.Complete,
    };
}
