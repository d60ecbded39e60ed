using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Whole downloads, and data that was on disk before or is changed meanwhile by others.</summary>
public sealed class DataSafetyTests : IDisposable
{
    private static readonly Sample s_sample = Sample.Make(16384, 7, ("notes.txt", 500_000));

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_users_own_file_is_not_truncated(bool recheck)
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
    public async Task It_is_overwritten_only_on_request_and_only_for_better_data()
    {
        byte[] mine = [.. Enumerable.Repeat((byte)'x', 600_000)];
        File.WriteAllBytes(_folder["notes.txt"], mine);
        await using (SwarmMember alone = SwarmMember.Download(s_sample.Torrent, _folder.Path, [], options => options with { Overwrite = true, Sources = [PeerSource.Manual], StallTimeout = TimeSpan.FromMilliseconds(100) }))
            Assert.NotEqual(TorrentState.Completed, (await alone.EndAsync()).State);
        Assert.Equal(mine, SharedFile.ReadAllBytes(_folder["notes.txt"]));
        using ScriptedSeed seed = new(s_sample);
        await using SwarmMember member = SwarmMember.Download(s_sample.Torrent, _folder.Path, [seed.EndPoint], options => options with { Overwrite = true });
        TorrentDownload result = await member.EndAsync();
        Assert.True(result.State == TorrentState.Completed, result.Error);
        Assert.Equal(s_sample.Content, SharedFile.ReadAllBytes(_folder["notes.txt"]));
    }

    [Fact]
    public async Task A_download_that_another_program_wrote_into_is_not_complete()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The time of an open file is not known there.");
        List<BlockRequest> sent = [];
        using ScriptedSeed seed = new(s_sample)
        {
            Answer = (request, data) =>
            {
                // Of 31. One change could fall between one of our writes and the check of its time.
                if (sent.Count is >= 24 and < 28)
                    Damage(sent);
                sent.Add(request);
                return data;
            },
        };
        // No time passes, so it ends before the check for writes of others.
        await using (SwarmMember member = SwarmMember.Download(s_sample.Torrent, _folder.Path, [seed.EndPoint], client: new TorrentClientOptions { TimeProvider = new FakeTimeProvider() }))
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
    public async Task Incomplete_data_needs_write_access()
    {
        string target = _folder["ro"];
        Directory.CreateDirectory(target);
        File.WriteAllBytes(Path.Join(target, "notes.txt"), [.. s_sample.Content[..^1], (byte)~s_sample.Content[^1]]);
        using ReadOnlyMount mount = new(target);
        await using SwarmMember member = SwarmMember.Download(s_sample.Torrent, target, []);
        TorrentDownload result = await member.EndAsync();
        Assert.Equal((TorrentState.Failed, TorrentErrorId.AccessDenied), (result.State, result.ErrorId));
    }

    /// <summary>Changes a byte of the sent data once all of it is on disk.</summary>
    private void Damage(List<BlockRequest> sent)
    {
        using (FileStream file = new(_folder["notes.txt"], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, 1))
        {
            byte[] content = new byte[500_000];
            Assert.True(SpinWait.SpinUntil(() =>
            {
                file.Position = 0;
                file.ReadExactly(content);
                // Except for the first byte of a piece, which may be changed already.
                return sent.TrueForAll(request =>
                {
                    int at = request.Piece * s_sample.Torrent.PieceLength + request.Begin + 1;
                    return content.AsSpan(at, request.Length - 1).SequenceEqual(s_sample.Content.AsSpan(at, request.Length - 1));
                });
            }, TimeSpan.FromMinutes(5)));
            int first = sent[0].Piece * s_sample.Torrent.PieceLength;
            file.Position = first;
            file.WriteByte((byte)(s_sample.Content[first] ^ 1));
        }

        File.SetLastWriteTimeUtc(_folder["notes.txt"], DateTime.UtcNow.AddSeconds(-sent.Count));
    }

    /// <summary>A folder that not even root can write to.</summary>
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
