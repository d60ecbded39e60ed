using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>
/// What other programs do with the same files meanwhile. The time of the last write is looked at before each of ours, when a file is opened, now and then while
/// it is open, and at the end: when it is another than after ours, someone else has written, and then all of the file is verified.
/// </summary>
internal sealed partial class DataStore
{
    /// <summary>What has become of a file that is there and is not what it was.</summary>
    public const string Changed = "was changed by another program, or its disk has a fault";

    private const int CheckLength = 256 * 1024;

    private readonly long[] _written; // when each file was written last, as far as is known here; 0 when it is not
    private readonly bool[] _touched; // by others
    private readonly bool[] _isDoubtful; // and waits to be verified
    private readonly ConcurrentQueue<int> _doubtful = new();

    /// <summary>Notes when the files were written last. To be called before they are verified, so that what is written meanwhile is noticed afterwards.</summary>
    public void NoteTimes()
    {
        for (int file = 0; file < Torrent.Files.Count; file++)
        {
            if (_layout.IsWanted(file))
                _written[file] = FileStatus.At(_paths[file]).Written;
        }
    }

    /// <summary>Looks when the files that are open were written last.</summary>
    public void LookAtOpenFiles()
    {
        foreach (int file in _handles.OpenFiles())
        {
            if (file >= PartsIndex)
                continue;
            lock (_writing) // between a write of ours and the note of its time it would be taken for another's
                See(file, FileStatus.At(_paths[file]).Written);
        }
    }

    /// <summary>The next file that others have written, or that is doubtful for another reason: it is opened anew, since another may be in its place.</summary>
    public bool TryTakeDoubtful(out int file)
    {
        if (!_doubtful.TryDequeue(out file))
            return false;
        Volatile.Write(ref _isDoubtful[file], false);
        _handles.Close(file);
        return true;
    }

    /// <summary>Whether others have written a file, as far as is known.</summary>
    public bool IsTouched(int file) => Volatile.Read(ref _touched[file]);

    /// <summary>Notes that others have written a file, so that it is verified at the end.</summary>
    public void Touch(int file) => Volatile.Write(ref _touched[file], true);

    /// <summary>The same, and has it verified soon.</summary>
    public void Doubt(int file)
    {
        Touch(file);
        if (!Interlocked.Exchange(ref _isDoubtful[file], true))
            _doubtful.Enqueue(file);
    }

    /// <summary>All of a file was verified, and nothing of it is wrong.</summary>
    public void Trust(int file) => Volatile.Write(ref _touched[file], false);

    /// <summary>The first and the last piece of a file; for an empty one the last is before the first.</summary>
    public (int First, int Last) PiecesOf(int file) => _layout.PiecesOf(file);

    /// <summary>What has become of a file that is not what it was.</summary>
    public string DescribeChange(int file)
    {
        long length = LengthOnDisk(file);
        return length < 0 ? "was removed" : length < Torrent.Files[file].Length ? $"was cut to {length} of {Torrent.Files[file].Length} bytes" : Changed;
    }

    /// <summary>The wanted files that a piece is made of: those that are gone or cut, where there are such, else those that others have written, where there are such.</summary>
    public List<int> FilesBehind(int piece)
    {
        List<int> files = [];
        foreach (FileSegment segment in _layout.Segments(piece, 0, Torrent.LengthOfPiece(piece)))
        {
            if (_layout.IsWanted(segment.File))
                files.Add(segment.File);
        }

        List<int> cut = files.FindAll(file => LengthOnDisk(file) < Torrent.Files[file].Length), touched = files.FindAll(IsTouched);
        return cut.Count > 0 ? cut : touched.Count > 0 ? touched : files;
    }

    /// <summary>Reads one piece and compares it with its hash.</summary>
    /// <exception cref="TorrentException">It could not be read (AccessDenied, UnsafePath).</exception>
    public bool IsStillRight(int piece)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CheckLength);
        try
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
            PieceCrew.Worker worker = new(hash, new PieceTree(Torrent.PieceLength), buffer, CancellationToken.None);
            Span<byte> sha1 = stackalloc byte[Torrent.Version == TorrentVersion.V2 ? 0 : InfoHash.V1Length];
            Span<byte> root = stackalloc byte[Layers is null ? 0 : InfoHash.V2Length];
            return TryHash(piece, ByteSource.Selection, worker, sha1, root) && IsRight(piece, sha1, root);
        }
        catch (TorrentException e) when (e.ErrorId == TorrentErrorId.InvalidTorrent)
        {
            return false; // it was right by both its hashes
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Whether the root of a piece's tree is the one that it must have, as far as that is known; when not, its file is verified soon.</summary>
    public bool HasRoot(int piece, HashTree tree)
    {
        if (!Layers!.TryGet(piece, out ReadOnlySpan<byte> known) || tree.Root.SequenceEqual(known))
            return true;
        Doubt(Torrent.FileAt((long)piece * Torrent.PieceLength));
        return false;
    }

    /// <summary>Verifies the files that others have written since they were prepared. To be called when everything is written and flushed.</summary>
    /// <returns>The pieces that are no longer right.</returns>
    /// <exception cref="TorrentException">A file cannot be read (AccessDenied).</exception>
    public async Task<Bitfield> FindOverwrittenAsync(CancellationToken cancellationToken)
    {
        Bitfield doubtful = new(Torrent.PieceCount);
        for (int file = 0; file < Torrent.Files.Count; file++)
        {
            if (!_layout.IsWanted(file) || !Volatile.Read(ref _touched[file]))
                continue;
            (int first, int last) = _layout.PiecesOf(file);
            for (int piece = first; piece <= last; piece++)
                doubtful.Add(piece);
        }

        if (doubtful.IsEmpty)
            return doubtful;
        Bitfield good = await VerifyAsync(piece => doubtful[piece], null, cancellationToken).ConfigureAwait(false);
        for (int piece = 0; piece < good.Length; piece++)
        {
            if (good[piece])
                doubtful.Remove(piece);
        }

        return doubtful;
    }

    /// <summary>Says which files others have damaged.</summary>
    /// <param name="overwritten">What <see cref="FindOverwrittenAsync"/> found.</param>
    public string DescribeOverwritten(Bitfield overwritten)
    {
        int piece = 0;
        while (!overwritten[piece])
            piece++;
        int file = 0;
        foreach (FileSegment segment in _layout.Segments(piece, 0, Torrent.LengthOfPiece(piece)))
        {
            file = segment.File;
            if (Volatile.Read(ref _touched[file]))
                break;
        }

        string pieces = overwritten.Count == 1 ? "a piece is" : $"{overwritten.Count} pieces are";
        return $"'{_paths[file]}' was written by another program while it was downloaded, and {pieces} no longer right. End that program and start the download again: only what is wrong is fetched.";
    }

    private void LookForOthers(int file, SafeFileHandle handle)
    {
        if (_written[file] != 0)
            LookForOthers(file, FileStatus.WrittenTo(handle));
    }

    private void LookForOthers(int file, long written)
    {
        // Windows tells the time of a file that is being written only when it is closed.
        if (_written[file] != 0 && _written[file] != written && file < PartsIndex && (_readOnly || !OperatingSystem.IsWindows()))
            Doubt(file);
    }

    /// <summary>Looks for others, each of their writes once.</summary>
    private void See(int file, long written)
    {
        LookForOthers(file, written);
        _written[file] = written;
    }
}
