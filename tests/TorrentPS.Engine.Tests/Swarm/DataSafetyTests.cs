using System.Diagnostics;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Whole downloads, and what is on disk before, meanwhile and by others.</summary>
public sealed class DataSafetyTests : IDisposable
{
    private static readonly Sample s_sample = Sample.Make(16384, 7, ("notes.txt", 500_000));

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_users_own_file_is_not_cut(bool recheck)
    {
        byte[] mine = [.. Enumerable.Repeat((byte)'x', 600_000)];
        File.WriteAllBytes(_folder["notes.txt"], mine);
        await using SwarmMember member = SwarmMember.Download(s_sample.Torrent, _folder.Path, [], options => options with { Recheck = recheck });
        TorrentDownload result = await member.EndAsync();
        Assert.Equal((TorrentState.Failed, TorrentErrorId.FileExists, 0L), (result.State, result.ErrorId, result.BytesCompleted));
        Assert.Contains(_folder["notes.txt"], result.Error);
        Assert.Equal(mine, SharedFile.ReadAllBytes(_folder["notes.txt"]));
        Assert.Equal([_folder["notes.txt"]], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task It_is_overwritten_when_that_is_asked_for_and_only_when_there_is_something_better()
    {
        byte[] mine = [.. Enumerable.Repeat((byte)'x', 600_000)];
        File.WriteAllBytes(_folder["notes.txt"], mine);
        await using (SwarmMember alone = SwarmMember.Download(s_sample.Torrent, _folder.Path, [], options => options with { Overwrite = true, Sources = [Engine.Discovery.PeerSource.Manual], StallTimeout = TimeSpan.FromMilliseconds(100) }))
            Assert.NotEqual(TorrentState.Completed, (await alone.EndAsync()).State);
        Assert.Equal(mine, SharedFile.ReadAllBytes(_folder["notes.txt"]));
        using ScriptedSeed seed = new(s_sample);
        await using SwarmMember member = SwarmMember.Download(s_sample.Torrent, _folder.Path, [seed.EndPoint], options => options with { Overwrite = true });
        TorrentDownload result = await member.EndAsync();
        Assert.True(result.State == TorrentState.Completed, result.Error);
        Assert.Equal(s_sample.Content, SharedFile.ReadAllBytes(_folder["notes.txt"]));
    }

    [Fact]
    public async Task A_download_that_another_program_wrote_into_is_not_called_complete()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The time of an open file is not known there.");
        int asked = 0;
        using ScriptedSeed seed = new(s_sample)
        {
            Answer = (_, data) =>
            {
                if (Interlocked.Increment(ref asked) == 25) // of 31; the first ones cannot wait for these
                    Damage();
                return data;
            },
        };
        await using (SwarmMember member = SwarmMember.Download(s_sample.Torrent, _folder.Path, [seed.EndPoint]))
        {
            TorrentDownload result = await member.EndAsync();
            Assert.Equal((TorrentState.Failed, TorrentErrorId.DataMismatch), (result.State, result.ErrorId));
            Assert.InRange(result.BytesCompleted, 1, 499_999);
        }

        await using SwarmMember again = SwarmMember.Download(s_sample.Torrent, _folder.Path, [seed.EndPoint]);
        TorrentDownload second = await again.EndAsync();
        Assert.True(second.State == TorrentState.Completed, second.Error);
        Assert.InRange(second.Downloaded, 1, 499_999);
        Assert.Equal(s_sample.Content, SharedFile.ReadAllBytes(_folder["notes.txt"]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Complete_data_needs_nothing_written(bool seeds)
    {
        string target = _folder["ro"];
        Directory.CreateDirectory(target);
        s_sample.Lay(target, 0);
        using ReadOnlyMount mount = new(target);
        await using SwarmMember member = SwarmMember.Download(s_sample.Torrent, target, [], options => options with { SeedTime = seeds ? TimeSpan.Zero : null });
        TorrentDownload result = await member.EndAsync();
        Assert.True(result.State == TorrentState.Completed, result.Error);
        Assert.Equal(500_000, result.BytesCompleted);
        Assert.Equal([Path.Join(target, "notes.txt")], Directory.GetFileSystemEntries(target));
    }

    [Fact]
    public async Task Data_that_is_not_complete_does()
    {
        string target = _folder["ro"];
        Directory.CreateDirectory(target);
        File.WriteAllBytes(Path.Join(target, "notes.txt"), [.. s_sample.Content[..^1], (byte)~s_sample.Content[^1]]);
        using ReadOnlyMount mount = new(target);
        await using SwarmMember member = SwarmMember.Download(s_sample.Torrent, target, []);
        TorrentDownload result = await member.EndAsync();
        Assert.Equal((TorrentState.Failed, TorrentErrorId.AccessDenied), (result.State, result.ErrorId));
    }

    private void Damage()
    {
        using (FileStream file = new(_folder["notes.txt"], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, 1))
        {
            // What was sent first is on its way to the disk.
            Assert.True(SpinWait.SpinUntil(() =>
            {
                file.Position = 0;
                return file.ReadByte() == s_sample.Content[0];
            }, TimeSpan.FromSeconds(60)));
            file.Position = 0;
            file.WriteByte((byte)(s_sample.Content[0] ^ 1));
        }

        File.SetLastWriteTimeUtc(_folder["notes.txt"], DateTime.UtcNow.AddSeconds(-3));
    }

    /// <summary>A folder that cannot be written to, not even by root.</summary>
    private sealed class ReadOnlyMount : IDisposable
    {
        private readonly string _path;

        public ReadOnlyMount(string path)
        {
            _path = path;
            Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && Run("mount", "--bind", path, path), "mount is not allowed here.");
            if (!Run("mount", "-o", "remount,bind,ro", path))
            {
                Dispose();
                Assert.Skip("mount is not allowed here.");
            }
        }

        public void Dispose() => Run("umount", _path);

        private static bool Run(string program, params string[] arguments)
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
    }
}
