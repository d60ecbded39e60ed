using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Swarm;

/// <summary>
/// The wanted files of a torrent, and their priorities. The storage has a separate layout: a stored file stays there when it is skipped. Changed on the torrent's loop,
/// read from any thread.
/// </summary>
internal sealed class WantedFiles
{
    private readonly Torrent _torrent;
    private volatile FileLayout _layout;
    private volatile FilePriority[] _priorities; // replaced, never modified

    /// <param name="torrent">The torrent.</param>
    /// <param name="wanted">Whether each of its files is wanted at first, one value per file.</param>
    public WantedFiles(Torrent torrent, bool[] wanted)
    {
        _torrent = torrent;
        _layout = new FileLayout(torrent, wanted);
        _priorities = [.. wanted.Select((isWanted, file) => isWanted && !torrent.Files[file].IsPadding ? FilePriority.Normal : FilePriority.Skip)];
    }

    /// <summary>The layout of the wanted files. A new one after each change.</summary>
    public FileLayout Layout => _layout;

    /// <summary>The priorities by file.</summary>
    public IReadOnlyList<FilePriority> Priorities => _priorities;

    /// <summary>Sets the priority of some files.</summary>
    public void Set(IEnumerable<int> files, FilePriority priority)
    {
        FilePriority[] priorities = [.. _priorities];
        foreach (int file in files)
        {
            if (!_torrent.Files[file].IsPadding)
                priorities[file] = priority;
        }

        _layout = new FileLayout(_torrent, [.. priorities.Select(one => one != FilePriority.Skip)]);
        _priorities = priorities;
    }

    /// <summary>The priority of a piece: the highest of its files.</summary>
    public FilePriority Of(int piece)
    {
        FilePriority highest = FilePriority.Skip;
        foreach (FileSegment segment in _layout.Segments(piece, 0, _torrent.LengthOfPiece(piece)))
        {
            if (_priorities[segment.File] > highest)
                highest = _priorities[segment.File];
        }

        return highest;
    }
}
