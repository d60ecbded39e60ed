using System.Diagnostics;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Tests.Storage.Files;

public sealed class DestinationLockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly InfoHash _infoHash = InfoHash.Create(new byte[20]);

    private string LockPath => Path.Join(_folder.Path, ".torrentps", $"{_infoHash}.lock");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_is_held_once_and_leaves_nothing_behind()
    {
        using (DestinationLock.Acquire(_folder.Path, _infoHash))
        {
            TorrentException e = Assert.Throws<TorrentException>(() => DestinationLock.Acquire(_folder.Path + "/", _infoHash));
            Assert.Equal(TorrentErrorId.DataInUse, e.ErrorId);
            Assert.Contains(LockPath, e.Message);
            Assert.True(File.Exists(LockPath));
        }

        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
        DestinationLock.Acquire(_folder.Path, _infoHash).Dispose();
    }

    [Fact]
    public void Other_torrents_and_other_places_are_free()
    {
        using DestinationLock first = DestinationLock.Acquire(_folder.Path, _infoHash);
        InfoHash other = InfoHash.Create([.. new byte[19], 1]);
        DestinationLock.Acquire(_folder.Path, other).Dispose();
        DestinationLock.Acquire(_folder["sub/sub"], _infoHash).Dispose();
        Assert.True(File.Exists(LockPath));
    }

    [Fact]
    public void A_file_left_by_a_killed_process_is_no_obstacle()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(LockPath)!);
        File.WriteAllText(LockPath, "left");
        DestinationLock.Acquire(_folder.Path, _infoHash).Dispose();
        Assert.False(File.Exists(LockPath));
    }

    [Fact]
    public void A_place_of_another_process_is_in_use_until_it_is_killed()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/flock"), "flock is needed: install util-linux");
        Directory.CreateDirectory(Path.GetDirectoryName(LockPath)!);
        ProcessStartInfo start = new("/usr/bin/flock", [LockPath, "/bin/sh", "-c", "echo held; exec sleep 60"]) { RedirectStandardOutput = true };
        start.ArgumentList.Insert(0, "--no-fork");
        using Process holder = Process.Start(start)!;
        try
        {
            Assert.Equal("held", holder.StandardOutput.ReadLine());
            TorrentException e = Assert.Throws<TorrentException>(() => DestinationLock.Acquire(_folder.Path, _infoHash));
            Assert.Equal(TorrentErrorId.DataInUse, e.ErrorId);
        }
        finally
        {
            holder.Kill();
            holder.WaitForExit();
        }

        DestinationLock.Acquire(_folder.Path, _infoHash).Dispose();
    }

    [Fact]
    public void Contenders_never_hold_the_lock_together()
    {
        // Another spelling of the path evades the set of this process, so that only the system's lock decides.
        Assert.SkipWhen(OperatingSystem.IsWindows(), "making a symbolic link needs a privilege on Windows");
        int[] holders = [0];
        int taken = 0;
        string[] spellings = [.. Enumerable.Range(0, 4).Select(i => _folder[$"link{i}"])];
        string real = Directory.CreateDirectory(_folder["real"]).FullName;
        foreach (string spelling in spellings)
            Directory.CreateSymbolicLink(spelling, real);
        Parallel.ForEach(spellings, new ParallelOptions { MaxDegreeOfParallelism = 4 }, spelling =>
        {
            for (int i = 0; i < 300; i++)
            {
                try
                {
                    using DestinationLock held = DestinationLock.Acquire(spelling, _infoHash);
                    Assert.Equal(1, Interlocked.Increment(ref holders[0]));
                    Interlocked.Increment(ref taken);
                    Thread.Yield();
                    Interlocked.Decrement(ref holders[0]);
                }
                catch (TorrentException e) when (e.ErrorId == TorrentErrorId.DataInUse)
                {
                    Thread.Yield();
                }
            }
        });
        Assert.NotEqual(0, taken);
        Assert.False(Path.Exists(Path.Join(real, ".torrentps")));
    }

    [Fact]
    public void A_destination_that_is_a_file_is_an_error_that_names_it()
    {
        File.WriteAllText(_folder["file"], "");
        TorrentException e = Assert.Throws<TorrentException>(() => DestinationLock.Acquire(_folder["file"], _infoHash));
        Assert.Equal(TorrentErrorId.AccessDenied, e.ErrorId);
        Assert.Contains($"'{_folder["file"]}' is a file", e.Message);

        // The failure must not leave the path locked.
        File.Delete(_folder["file"]);
        DestinationLock.Acquire(_folder["file"], _infoHash).Dispose();
    }
}
