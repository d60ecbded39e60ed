using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage;

/// <summary>
/// What other programs do with the files of a torrent meanwhile. The time of the last write is looked at before each of ours, when a file is opened, now and then while
/// it is open, and at the end: when it is another than after ours, someone else has written, and then all of the file is verified.
/// </summary>
/// <param name="paths">Where the files are; the last is the parts file, which is not looked at.</param>
/// <param name="readOnly">Whether they are only read.</param>
internal sealed class OtherWriters(string[] paths, bool readOnly)
{
    private readonly long[] _written = new long[paths.Length]; // when each file was written last, as far as is known here; 0 when it is not
    private readonly bool[] _touched = new bool[paths.Length]; // by others
    private readonly bool[] _isDoubtful = new bool[paths.Length]; // and waits to be verified
    private readonly ConcurrentQueue<int> _doubtful = new();

    /// <summary>Notes when a file was written last, by us or before we began.</summary>
    /// <param name="file">The file.</param>
    /// <param name="written">The time.</param>
    public void Note(int file, long written) => _written[file] = written;

    /// <summary>Notes when a file was written last, after a write of ours.</summary>
    public void Note(int file, SafeFileHandle handle) => _written[file] = FileStatus.WrittenTo(handle);

    /// <summary>Looks for others by the time that an open file was last written, before we write it.</summary>
    public void Look(int file, SafeFileHandle handle)
    {
        if (_written[file] != 0)
            Look(file, FileStatus.WrittenTo(handle));
    }

    /// <summary>Looks for others by the time that a file was last written.</summary>
    public void Look(int file, long written)
    {
        // Windows tells the time of a file that is being written only when it is closed.
        if (_written[file] != 0 && _written[file] != written && file < paths.Length - 1 && (readOnly || !OperatingSystem.IsWindows()))
            Doubt(file);
    }

    /// <summary>The same, and finds each of their writes only once.</summary>
    public void See(int file, long written)
    {
        Look(file, written);
        _written[file] = written;
    }

    /// <summary>Whether others have written a file, as far as is known.</summary>
    public bool HaveTouched(int file) => Volatile.Read(ref _touched[file]);

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

    /// <summary>The next file that is to be verified soon.</summary>
    public bool TryTakeDoubtful(out int file)
    {
        if (!_doubtful.TryDequeue(out file))
            return false;
        Volatile.Write(ref _isDoubtful[file], false);
        return true;
    }
}
