using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage;

/// <summary>
/// Detects writes by other programs to the files of a torrent. The last write time is checked before each of our writes, when a file is opened, periodically while it is
/// open, and at the end: if it differs from the time after our last write, another program has written, and the whole file is verified.
/// </summary>
/// <param name="paths">The paths of the files; the last is the parts file, which is not watched.</param>
/// <param name="readOnly">Whether the files are only read.</param>
internal sealed class OtherWriters(string[] paths, bool readOnly)
{
    private readonly long[] _written = new long[paths.Length]; // the last write time of each file, as far as known; 0 if unknown
    private readonly bool[] _touched = new bool[paths.Length]; // by another program
    private readonly bool[] _isDoubtful = new bool[paths.Length]; // and queued for verification
    private readonly ConcurrentQueue<int> _doubtful = new();

    /// <summary>Records a last write time, from our own write or from before the run.</summary>
    /// <param name="file">The file.</param>
    /// <param name="written">The time.</param>
    public void Note(int file, long written) => _written[file] = written;

    /// <summary>Records the last write time after one of our own writes.</summary>
    public void Note(int file, SafeFileHandle handle) => _written[file] = FileStatus.WrittenTo(handle);

    /// <summary>Checks the last write time of an open file, before one of our own writes.</summary>
    public void Look(int file, SafeFileHandle handle)
    {
        if (_written[file] != 0)
            Look(file, FileStatus.WrittenTo(handle));
    }

    /// <summary>Checks the last write time of a file.</summary>
    public void Look(int file, long written)
    {
        // Windows updates the time of a file that is being written only when it is closed.
        if (_written[file] != 0 && _written[file] != written && file < paths.Length - 1 && (readOnly || !OperatingSystem.IsWindows()))
            Doubt(file);
    }

    /// <summary>The same, but reports each write only once.</summary>
    public void See(int file, long written)
    {
        Look(file, written);
        _written[file] = written;
    }

    /// <summary>Whether another program is known to have written a file.</summary>
    public bool HaveTouched(int file) => Volatile.Read(ref _touched[file]);

    /// <summary>Records that another program has written a file, so that it is verified at the end.</summary>
    public void Touch(int file) => Volatile.Write(ref _touched[file], true);

    /// <summary>The same, and verifies it soon.</summary>
    public void Doubt(int file)
    {
        Touch(file);
        if (!Interlocked.Exchange(ref _isDoubtful[file], true))
            _doubtful.Enqueue(file);
    }

    /// <summary>The whole file was verified, without errors.</summary>
    public void Trust(int file) => Volatile.Write(ref _touched[file], false);

    /// <summary>The next file to verify soon.</summary>
    public bool TryTakeDoubtful(out int file)
    {
        if (!_doubtful.TryDequeue(out file))
            return false;
        Volatile.Write(ref _isDoubtful[file], false);
        return true;
    }
}
