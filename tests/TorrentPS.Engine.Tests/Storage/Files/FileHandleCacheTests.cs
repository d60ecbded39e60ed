using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Tests.Storage.Files;

public sealed class FileHandleCacheTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private int _opened;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_least_recently_used_is_closed_first()
    {
        using FileHandleCache cache = new(Open, 2);
        SafeFileHandle first = Use(cache, 0);
        SafeFileHandle second = Use(cache, 1);
        Assert.Same(first, Use(cache, 0));
        Use(cache, 2);
        Assert.True(second.IsClosed);
        Assert.False(first.IsClosed);
        Assert.Equal(2, cache.Count);
    }

    [Fact]
    public void A_leased_file_is_closed_when_it_is_returned()
    {
        FileHandleCache cache = new(Open, 1);
        Assert.True(cache.TryRent(0, false, out FileHandleCache.Lease lent));
        SafeFileHandle handle = lent.Handle;
        Use(cache, 1);
        Assert.False(handle.IsClosed);
        cache.Dispose();
        Assert.False(handle.IsClosed);
        lent.Dispose();
        Assert.True(handle.IsClosed);
        Assert.Throws<ObjectDisposedException>(() => Use(cache, 0));
    }

    [Fact]
    public void Writing_reopens_a_file_that_was_open_for_reading()
    {
        using FileHandleCache cache = new(Open, 4);
        Assert.True(cache.TryRent(0, false, out FileHandleCache.Lease reading));
        Assert.True(cache.TryRent(0, true, out FileHandleCache.Lease writing));
        Assert.NotSame(reading.Handle, writing.Handle);
        reading.Dispose();
        Assert.True(reading.Handle.IsClosed);
        writing.Dispose();
        Assert.Same(writing.Handle, Use(cache, 0));
        Assert.Equal(2, _opened);
    }

    [Fact]
    public void A_missing_file_is_requested_again()
    {
        SafeFileHandle? answer = null;
        using FileHandleCache cache = new((_, _) => answer, 4);
        Assert.False(cache.TryRent(0, false, out _));
        answer = Open(0, false);
        Assert.True(cache.TryRent(0, false, out FileHandleCache.Lease lease));
        lease.Dispose();
    }

    [Fact]
    public void When_no_more_files_can_be_opened_unused_ones_are_closed()
    {
        int most = 2;
        using FileHandleCache cache = new((file, write) => _opened < most
            ? Open(file, write)
            : throw DiskErrors.From(new IOException("Too many open files", 24), "/f", "cannot be read"), 10);
        SafeFileHandle idle = Use(cache, 0);
        Assert.True(cache.TryRent(1, false, out FileHandleCache.Lease held));
        TorrentException e = Assert.Throws<TorrentException>(() => cache.TryRent(2, false, out _));
        Assert.Contains("ulimit -n", e.Message);
        Assert.True(idle.IsClosed);
        Assert.False(held.Handle.IsClosed);
        held.Dispose();

        bool isFull = true;
        using FileHandleCache other = new((file, write) =>
        {
            if (file == 1 && isFull)
            {
                isFull = false; // idle handles have been closed when it asks again
                throw DiskErrors.From(new IOException("Too many open files", 24), "/f", "cannot be read");
            }

            return Open(file, write);
        }, 10);
        idle = Use(other, 0);
        Assert.False(Use(other, 1).IsClosed);
        Assert.True(idle.IsClosed);
    }

    private static SafeFileHandle Use(FileHandleCache cache, int file)
    {
        Assert.True(cache.TryRent(file, false, out FileHandleCache.Lease lease));
        using (lease)
            return lease.Handle;
    }

    private SafeFileHandle Open(int file, bool write)
    {
        _opened++;
        return File.OpenHandle(_folder[$"{file}"], FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
    }
}
