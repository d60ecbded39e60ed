using System.Diagnostics;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Tests.Storage.Files;

public sealed class DiskErrorsTests
{
    /// <summary>Windows errors of files for which .NET has no specific exception; "words" where the system's text is kept.</summary>
    [Theory]
    [InlineData(2, TorrentErrorId.AccessDenied, "missing")]
    [InlineData(3, TorrentErrorId.AccessDenied, "missing")]
    [InlineData(4, TorrentErrorId.AccessDenied, "too many files")]
    [InlineData(15, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(19, TorrentErrorId.AccessDenied, "read-only")]
    [InlineData(21, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(23, TorrentErrorId.AccessDenied, "reports an error")]
    [InlineData(31, TorrentErrorId.AccessDenied, "reports an error")]
    [InlineData(32, TorrentErrorId.AccessDenied, "another program has it open")]
    [InlineData(33, TorrentErrorId.AccessDenied, "another program has it open")]
    [InlineData(39, TorrentErrorId.DiskFull, "disk is full")]
    [InlineData(53, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(64, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(67, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(80, TorrentErrorId.AccessDenied, "of that name already")]
    [InlineData(87, TorrentErrorId.AccessDenied, "words")]
    [InlineData(110, TorrentErrorId.AccessDenied, "words")]
    [InlineData(111, TorrentErrorId.UnsafePath, "too long")]
    [InlineData(112, TorrentErrorId.DiskFull, "disk is full")]
    [InlineData(121, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(123, TorrentErrorId.UnsafePath, "does not allow this name")]
    [InlineData(145, TorrentErrorId.AccessDenied, "words")]
    [InlineData(161, TorrentErrorId.UnsafePath, "does not allow this name")]
    [InlineData(183, TorrentErrorId.AccessDenied, "of that name already")]
    [InlineData(206, TorrentErrorId.UnsafePath, "too long")]
    [InlineData(223, TorrentErrorId.DiskFull, "file of that size")]
    [InlineData(225, TorrentErrorId.AccessDenied, "malicious")]
    [InlineData(267, TorrentErrorId.AccessDenied, "is a file")]
    [InlineData(303, TorrentErrorId.AccessDenied, "another program has it open")]
    [InlineData(362, TorrentErrorId.AccessDenied, "in a cloud")]
    [InlineData(1117, TorrentErrorId.AccessDenied, "reports an error")]
    [InlineData(1167, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(1224, TorrentErrorId.AccessDenied, "another program has it open")]
    [InlineData(1231, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(1295, TorrentErrorId.DiskFull, "quota")]
    [InlineData(1392, TorrentErrorId.AccessDenied, "reports an error")]
    [InlineData(1450, TorrentErrorId.AccessDenied, "words")]
    [InlineData(1920, TorrentErrorId.AccessDenied, "in a cloud")]
    [InlineData(1921, TorrentErrorId.UnsafePath, "links")]
    [InlineData(20, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(51, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(55, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(59, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(433, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(1203, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(1232, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(25, TorrentErrorId.AccessDenied, "reports an error")]
    [InlineData(27, TorrentErrorId.AccessDenied, "reports an error")]
    [InlineData(29, TorrentErrorId.AccessDenied, "reports an error")]
    [InlineData(30, TorrentErrorId.AccessDenied, "reports an error")]
    [InlineData(483, TorrentErrorId.AccessDenied, "reports an error")]
    [InlineData(1005, TorrentErrorId.AccessDenied, "reports an error")]
    [InlineData(1006, TorrentErrorId.AccessDenied, "reports an error")]
    [InlineData(1393, TorrentErrorId.AccessDenied, "reports an error")]
    [InlineData(363, TorrentErrorId.AccessDenied, "in a cloud")]
    [InlineData(388, TorrentErrorId.AccessDenied, "in a cloud")]
    [InlineData(389, TorrentErrorId.AccessDenied, "in a cloud")]
    [InlineData(170, TorrentErrorId.AccessDenied, "another program has it open")]
    [InlineData(226, TorrentErrorId.AccessDenied, "malicious")]
    public void Windows_error_numbers_have_their_meanings(int number, TorrentErrorId expected, string reason) =>
        HasMeaning(unchecked((int)0x80070000) | number, expected, reason);

    /// <summary>The error numbers of Linux and, where they differ, of macOS.</summary>
    [Theory]
    [InlineData(2, TorrentErrorId.AccessDenied, "missing")]
    [InlineData(5, TorrentErrorId.AccessDenied, "reports an error")]
    [InlineData(11, TorrentErrorId.AccessDenied, "another program has it open")]
    [InlineData(35, TorrentErrorId.AccessDenied, "another program has it open")]
    [InlineData(16, TorrentErrorId.AccessDenied, "another program has it open")]
    [InlineData(17, TorrentErrorId.AccessDenied, "of that name already")]
    [InlineData(19, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(20, TorrentErrorId.AccessDenied, "is a file")]
    [InlineData(21, TorrentErrorId.AccessDenied, "a folder of that name")]
    [InlineData(22, TorrentErrorId.AccessDenied, "words")]
    [InlineData(23, TorrentErrorId.AccessDenied, "too many files")]
    [InlineData(24, TorrentErrorId.AccessDenied, "too many files")]
    [InlineData(26, TorrentErrorId.AccessDenied, "another program has it open")]
    [InlineData(27, TorrentErrorId.DiskFull, "file of that size")]
    [InlineData(28, TorrentErrorId.DiskFull, "disk is full")]
    [InlineData(30, TorrentErrorId.AccessDenied, "read-only")]
    [InlineData(36, TorrentErrorId.UnsafePath, "too long")]
    [InlineData(63, TorrentErrorId.UnsafePath, "too long")]
    [InlineData(40, TorrentErrorId.UnsafePath, "links")]
    [InlineData(62, TorrentErrorId.UnsafePath, "links")]
    [InlineData(84, TorrentErrorId.UnsafePath, "does not allow this name")]
    [InlineData(92, TorrentErrorId.UnsafePath, "does not allow this name")]
    [InlineData(107, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(116, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(70, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(117, TorrentErrorId.AccessDenied, "reports an error")]
    [InlineData(122, TorrentErrorId.DiskFull, "quota")]
    [InlineData(69, TorrentErrorId.DiskFull, "quota")]
    [InlineData(6, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(57, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(112, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(64, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(113, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(65, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(110, TorrentErrorId.AccessDenied, "within reach")]
    [InlineData(60, TorrentErrorId.AccessDenied, "within reach")]
    public void Unix_error_numbers_have_their_meanings(int number, TorrentErrorId expected, string reason) => HasMeaning(number, expected, reason);

    [Theory]
    [InlineData(23, true)]
    [InlineData(24, true)]
    [InlineData(unchecked((int)0x80070004), true)]
    [InlineData(unchecked((int)0x80070018), false)]
    public void Too_many_open_files_are_recognized_on_every_system(int number, bool expected) =>
        Assert.Equal(expected, DiskErrors.IsTooManyFiles(new IOException("words", number)));

    [Fact]
    public void Denied_and_too_long_have_their_meanings()
    {
        Assert.Equal(TorrentErrorId.AccessDenied, DiskErrors.From(new UnauthorizedAccessException(), "/p", "x").ErrorId);
        Assert.Equal(TorrentErrorId.UnsafePath, DiskErrors.From(new PathTooLongException(), "/p", "x").ErrorId);
        Assert.Equal("'/p' x: access is denied; check the permissions or choose another destination", DiskErrors.From(new UnauthorizedAccessException(), "/p", "x").Message);
        Assert.Equal("'/p' x: access is denied; check the permissions or choose another destination", DiskErrors.From(new System.Security.SecurityException(), "/p", "x").Message);
        Assert.Equal("'/p' x: words", DiskErrors.From(new NotSupportedException("words"), "/p", "x").Message);
        Assert.Contains("there is a folder of that name, or access to it is denied", DiskErrors.From(new UnauthorizedAccessException(), Path.GetTempPath(), "x").Message);
        Assert.All((Exception[])[new IOException(), new UnauthorizedAccessException(), new NotSupportedException(), new System.Security.SecurityException()], e => Assert.True(DiskErrors.IsDiskError(e)));
        Assert.False(DiskErrors.IsDiskError(new InvalidOperationException()));
    }

    [Fact]
    public void A_name_that_the_system_refuses_is_an_unsafe_path()
    {
        using TemporaryFolder folder = new();
        Sample sample = Sample.Make(16, 1, (new string('x', 300), 20));
        using DataStore store = new(sample.Torrent, folder.Path, [true]);
        TorrentException e = Assert.Throws<TorrentException>(store.Prepare);
        Assert.Equal(TorrentErrorId.UnsafePath, e.ErrorId);
    }

    [Fact]
    public void A_full_disk_is_reported_before_the_start()
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
                // The file exists, so that Prepare does not count its size as missing.
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

    private static void HasMeaning(int number, TorrentErrorId expected, string reason)
    {
        TorrentException e = DiskErrors.From(new IOException("words", number), "/some/path", "cannot be written");
        Assert.Equal(expected, e.ErrorId);
        Assert.StartsWith("'/some/path' cannot be written: ", e.Message);
        Assert.Contains(reason, e.Message);
        Assert.Equal(reason is not ("within reach" or "reports an error" or "too many files"), DiskErrors.ConcernsOneFile(e));
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
            // Full, as intended.
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
