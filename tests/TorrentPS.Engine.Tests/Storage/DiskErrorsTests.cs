using System.Diagnostics;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

public sealed class DiskErrorsTests
{
    [Theory]
    [InlineData(28, TorrentErrorId.DiskFull)]
    [InlineData(122, TorrentErrorId.DiskFull)]
    [InlineData(27, TorrentErrorId.DiskFull)]
    [InlineData(unchecked((int)0x80070070), TorrentErrorId.DiskFull)]
    [InlineData(unchecked((int)0x80070027), TorrentErrorId.DiskFull)]
    [InlineData(30, TorrentErrorId.AccessDenied)]
    [InlineData(5, TorrentErrorId.AccessDenied)]
    public void System_numbers_have_a_meaning(int number, TorrentErrorId expected)
    {
        TorrentException e = DiskErrors.From(new IOException("words", number), "/some/path", "cannot be written");
        Assert.Equal(expected, e.ErrorId);
        Assert.StartsWith("'/some/path' cannot be written: ", e.Message);
    }

    [Fact]
    public void Denied_and_too_long_have_a_meaning()
    {
        Assert.Equal(TorrentErrorId.AccessDenied, DiskErrors.From(new UnauthorizedAccessException(), "/p", "x").ErrorId);
        Assert.Equal(TorrentErrorId.UnsafePath, DiskErrors.From(new PathTooLongException(), "/p", "x").ErrorId);
        Assert.False(DiskErrors.IsDiskError(new InvalidOperationException()));
    }

    [Fact]
    public void A_name_that_the_system_does_not_take_is_an_unsafe_path()
    {
        using TemporaryFolder folder = new();
        Sample sample = Sample.Make(16, 1, (new string('x', 300), 20));
        using DataStore store = new(sample.Torrent, folder.Path, [true]);
        TorrentException e = Assert.Throws<TorrentException>(store.Prepare);
        Assert.Equal(TorrentErrorId.UnsafePath, e.ErrorId);
    }

    [Fact]
    public void A_full_disk_is_said_before_the_start()
    {
        using TemporaryFolder folder = new();
        Sample sample = Sample.Make(16, 1, ("a", 20));
        const long Length = 1L << 55;
        Torrent torrent = new()
        {
            Name = "a",
            InfoHash = sample.Torrent.InfoHash,
            Version = TorrentVersion.V1,
            PieceLength = 1 << 30,
            Length = Length,
            PieceCount = 1 << 25,
            Files = [new TorrentFile("a", Length, 0, 0)],
            IsSingleFile = true,
            InfoBytes = default,
        };
        using DataStore store = new(torrent, folder.Path, [true]);
        Assert.Equal(TorrentErrorId.DiskFull, Assert.Throws<TorrentException>(store.Prepare).ErrorId);
        Assert.False(File.Exists(folder["a"]));
    }

    [Fact]
    public void A_disk_that_fills_up_is_full_and_keeps_the_resume_data()
    {
        using TemporaryFolder folder = new();
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.Path), "a tmpfs must be mountable: run as root with CAP_SYS_ADMIN");
        try
        {
            Sample sample = Sample.Make(1 << 18, 1, ("a", 2 << 20));
            using (DataStore store = new(sample.Torrent, folder.Path, [true]))
            {
                // There already, so that Prepare does not count its room as missing.
                using (FileStream file = File.Create(folder["a"]))
                    file.SetLength(sample.Content.Length);
                store.Prepare();
                store.Write(0, 0, [sample.Piece(0)]);
                Bitfield have = new(sample.Torrent.PieceCount);
                have.Add(0);
                store.SaveResume(have);
                TorrentException e = Assert.Throws<TorrentException>(() =>
                {
                    for (int piece = 1; piece < 8; piece++)
                        store.Write(piece, 0, [sample.Piece(piece)[..1000], sample.Piece(piece)[1000..]]);
                });
                Assert.Equal(TorrentErrorId.DiskFull, e.ErrorId);
                Assert.Contains(folder["a"], e.Message);
                FillUp(folder["filler"]);
                Assert.Equal(TorrentErrorId.DiskFull, Assert.Throws<TorrentException>(() => store.SaveResume(store.WantedPieces)).ErrorId);
                Assert.Single(VerifyTests.Indices(store.LoadResume()!.Suspect), piece => piece == 0);
            }
        }
        finally
        {
            Assert.True(Run("umount", folder.Path));
        }
    }

    [Fact]
    public void A_disk_that_cannot_be_written_is_denied()
    {
        using TemporaryFolder folder = new();
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", folder.Path), "a tmpfs must be mountable: run as root with CAP_SYS_ADMIN");
        try
        {
            Sample sample = Sample.Make(16, 1, ("a", 20));
            using DataStore store = new(sample.Torrent, folder.Path, [true]);
            TorrentException e = Assert.Throws<TorrentException>(store.Prepare);
            Assert.Equal(TorrentErrorId.AccessDenied, e.ErrorId);
            Assert.Contains(folder["a"], e.Message);
            Assert.Equal(TorrentErrorId.AccessDenied, Assert.Throws<TorrentException>(() => DestinationLock.Acquire(folder.Path, sample.Torrent.InfoHash)).ErrorId);
        }
        finally
        {
            Assert.True(Run("umount", folder.Path));
        }
    }

    private static void FillUp(string path)
    {
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (file.Length < 2 << 20)
                file.Write(new byte[4096]);
        }
        catch (IOException)
        {
            // Full, as it should be.
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        if (!OperatingSystem.IsLinux())
            return false;
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
