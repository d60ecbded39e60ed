using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>Maps pieces to ranges of files (BEP 3, "info dictionary"), and knows which of these are wanted.</summary>
internal sealed class FileLayout
{
    private readonly Torrent _torrent;
    private readonly bool[] _wanted;
    private readonly long[] _ends;
    private readonly long[] _slots;

    /// <param name="torrent">The torrent.</param>
    /// <param name="wantedFiles">Whether each file is wanted, one value per file; padding files never are.</param>
    public FileLayout(Torrent torrent, bool[] wantedFiles)
    {
        if (wantedFiles.Length != torrent.Files.Count)
            throw new ArgumentException("There must be one value a file.", nameof(wantedFiles));
        _torrent = torrent;
        _wanted = new bool[wantedFiles.Length];
        _ends = new long[wantedFiles.Length];
        _slots = new long[wantedFiles.Length];
        WantedPieces = new Bitfield(torrent.PieceCount);
        long slot = 0;
        for (int i = 0; i < _wanted.Length; i++)
        {
            TorrentFile file = torrent.Files[i];
            _ends[i] = file.Offset + file.Length;
            _slots[i] = slot;
            if (!file.IsPadding)
                slot += HeadLength(i) + TailLength(i);
            if (wantedFiles[i] && !file.IsPadding)
                Want(i);
        }
    }

    /// <summary>The pieces that overlap a wanted file.</summary>
    public Bitfield WantedPieces { get; }

    /// <summary>The number of bytes in the wanted files.</summary>
    public long BytesWanted { get; private set; }

    public bool IsWanted(int file) => Volatile.Read(ref _wanted[file]);

    /// <summary>A file becomes wanted.</summary>
    public void Want(int file)
    {
        BytesWanted += _torrent.Files[file].Length;
        (int first, int last) = PiecesOf(file);
        for (int piece = first; piece <= last; piece++)
            WantedPieces.Add(piece);
        Volatile.Write(ref _wanted[file], true);
    }

    /// <summary>The first and the last piece that overlap a file; for an empty file the last is before the first.</summary>
    public (int First, int Last) PiecesOf(int file)
    {
        TorrentFile entry = _torrent.Files[file];
        return entry.Length == 0
            ? (0, -1)
            : ((int)(entry.Offset / _torrent.PieceLength), (int)((_ends[file] - 1) / _torrent.PieceLength));
    }

    /// <summary>The pieces of a file that others can share: its first and its last; none for an empty file.</summary>
    public IEnumerable<int> BorderPiecesOf(int file)
    {
        (int first, int last) = PiecesOf(file);
        if (first <= last)
            yield return first;
        if (first < last)
            yield return last;
    }

    /// <summary>The number of bytes of a piece that belong to wanted files.</summary>
    public long BytesWantedIn(int piece)
    {
        long sum = 0;
        foreach (FileSegment segment in Segments(piece, 0, _torrent.LengthOfPiece(piece)))
        {
            if (_wanted[segment.File])
                sum += segment.Length;
        }

        return sum;
    }

    /// <summary>The file ranges that make up part of a piece, in order; including padding files, excluding empty files.</summary>
    public SegmentEnumerator Segments(int piece, int begin, int length) =>
        new(_torrent, _ends, (long)piece * _torrent.PieceLength + begin, length);

    /// <summary>
    /// The offset in the parts file for bytes of an unwanted file. Only the first and the last piece of a file can be shared with others, so each file has space for
    /// these two. The offsets depend only on the torrent, so they stay valid when the selection changes; the parts file is sparse, so the unused space takes no room on
    /// disk.
    /// </summary>
    /// <returns>-1 if the bytes belong to a piece that no other file shares.</returns>
    public long SlotOf(in FileSegment segment)
    {
        long head = HeadLength(segment.File);
        if (segment.Offset + segment.Length <= head)
            return _slots[segment.File] + segment.Offset;
        long tailStart = _torrent.Files[segment.File].Length - TailLength(segment.File);
        return segment.Offset >= tailStart ? _slots[segment.File] + head + (segment.Offset - tailStart) : -1;
    }

    /// <summary>The number of bytes of a file in its first piece, if other files can share that piece.</summary>
    private long HeadLength(int file)
    {
        TorrentFile entry = _torrent.Files[file];
        long before = entry.Offset % _torrent.PieceLength;
        long inFirst = Math.Min(entry.Length, _torrent.PieceLength - before);
        return before == 0 && inFirst == _torrent.PieceLength ? 0 : inFirst;
    }

    /// <summary>The number of bytes of a file in its last piece, if that is not its first and other files can share it.</summary>
    private long TailLength(int file)
    {
        (int first, int last) = PiecesOf(file);
        return last <= first ? 0 : _ends[file] % _torrent.PieceLength;
    }

    /// <summary>Enumerates the file ranges of a range of the torrent's bytes without allocating.</summary>
    internal ref struct SegmentEnumerator
    {
        private readonly Torrent _torrent;
        private readonly long[] _ends;
        private long _position;
        private int _left;
        private int _file;

        internal SegmentEnumerator(Torrent torrent, long[] ends, long position, int length)
        {
            _torrent = torrent;
            _ends = ends;
            _position = position;
            _left = length;

            // The first file that ends after the position; this skips empty files and files that end exactly there.
            int low = 0;
            int high = ends.Length;
            while (low < high)
            {
                int middle = (int)(((uint)low + (uint)high) >> 1);
                if (ends[middle] > position)
                    high = middle;
                else
                    low = middle + 1;
            }

            _file = low;
        }

        public FileSegment Current { get; private set; }

        public readonly SegmentEnumerator GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_left == 0)
                return false;
            while (_ends[_file] <= _position)
                _file++;
            int length = (int)Math.Min(_left, _ends[_file] - _position);
            Current = new FileSegment(_file, _position - _torrent.Files[_file].Offset, length);
            _position += length;
            _left -= length;
            return true;
        }
    }
}
