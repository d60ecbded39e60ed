using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>
/// Keeps files in use open, up to a limit, beyond which the least recently used are closed. A handle is never closed while it is leased. Thread-safe.
/// </summary>
internal sealed class FileHandleCache : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, LinkedListNode<OpenFile>> _open = [];
    private readonly LinkedList<OpenFile> _byUse = [];
    private readonly Func<int, bool, SafeFileHandle?> _opener;
    private readonly int _limit;
    private bool _disposed;

    /// <param name="opener">Opens a file by its index, for writing on request; returns null if it does not exist.</param>
    /// <param name="limit">The maximum number of unused open files.</param>
    public FileHandleCache(Func<int, bool, SafeFileHandle?> opener, int limit) => (_opener, _limit) = (opener, limit);

    /// <summary>The number of open files.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _open.Count;
        }
    }

    /// <summary>Leases the handle of a file; false if the file does not exist.</summary>
    public bool TryRent(int file, bool write, out Lease lease)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_open.TryGetValue(file, out LinkedListNode<OpenFile>? node))
            {
                if (!write || node.Value.Writable)
                {
                    _byUse.Remove(node);
                    _byUse.AddFirst(node);
                    lease = new Lease(this, node.Value);
                    node.Value.Users++;
                    return true;
                }

                Retire(node);
            }

            SafeFileHandle? handle = Open(file, write);
            if (handle is null)
            {
                lease = default;
                return false;
            }

            OpenFile opened = new(file, handle, write) { Users = 1 };
            _open.Add(file, _byUse.AddFirst(opened));
            CloseBeyond(_limit);
            lease = new Lease(this, opened);
            return true;
        }
    }

    /// <summary>Leases the handle of a file if it is open.</summary>
    public bool TryRentOpen(int file, out Lease lease)
    {
        lock (_lock)
        {
            lease = default;
            if (!_open.TryGetValue(file, out LinkedListNode<OpenFile>? node))
                return false;
            node.Value.Users++;
            lease = new Lease(this, node.Value);
            return true;
        }
    }

    /// <summary>The files that are open.</summary>
    public int[] OpenFiles()
    {
        lock (_lock)
            return [.. _open.Keys];
    }

    /// <summary>Closes unused files.</summary>
    public void CloseIdle()
    {
        lock (_lock)
            CloseBeyond(0);
    }

    /// <summary>Closes a file, so that the next use reopens it.</summary>
    public void Close(int file)
    {
        lock (_lock)
        {
            if (_open.TryGetValue(file, out LinkedListNode<OpenFile>? node))
                Retire(node);
        }
    }

    /// <summary>Closes all files; leased ones are closed when they are returned.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            while (_byUse.First is { } node)
                Retire(node);
        }
    }

    private SafeFileHandle? Open(int file, bool write)
    {
        try
        {
            return _opener(file, write);
        }
        catch (TorrentException e) when (DiskErrors.IsTooManyFiles(e.InnerException) && _open.Count > 0)
        {
            CloseBeyond(0); // files kept open only for speed make room for one that is needed
            return _opener(file, write);
        }
    }

    private void CloseBeyond(int limit)
    {
        LinkedListNode<OpenFile>? node = _byUse.Last;
        while (node is not null && _open.Count > limit)
        {
            LinkedListNode<OpenFile>? previous = node.Previous;
            if (node.Value.Users == 0)
                Retire(node);
            node = previous;
        }
    }

    private void Retire(LinkedListNode<OpenFile> node)
    {
        _open.Remove(node.Value.File);
        _byUse.Remove(node);
        node.Value.Retired = true;
        if (node.Value.Users == 0)
            node.Value.Handle.Dispose();
    }

    private void Return(OpenFile file)
    {
        lock (_lock)
        {
            file.Users--;
            if (file is { Users: 0, Retired: true })
                file.Handle.Dispose();
            else if (_open.Count > _limit)
                CloseBeyond(_limit);
        }
    }

    /// <summary>A lease of a handle until it is disposed.</summary>
    internal readonly struct Lease(FileHandleCache cache, OpenFile file) : IDisposable
    {
        public SafeFileHandle Handle => file.Handle;

        public void Dispose() => cache.Return(file);
    }

    internal sealed class OpenFile(int file, SafeFileHandle handle, bool writable)
    {
        public int File { get; } = file;

        public SafeFileHandle Handle { get; } = handle;

        public bool Writable { get; } = writable;

        public int Users { get; set; }

        public bool Retired { get; set; }
    }
}
