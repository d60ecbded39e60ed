using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage.Creating;

namespace TorrentPS.Engine.Tests.Storage.Creating;

/// <summary>The files from which a torrent is created.</summary>
public sealed class InputFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_new_length_or_time_or_its_absence_is_a_change()
    {
        Assert.Null(InputFile.Look(_folder["a"], "a"));
        File.WriteAllText(_folder["a"], "abc");
        InputFile file = InputFile.Look(_folder["a"], "a")!;
        Assert.Equal((3L, "a", false), (file.Length, file.Path, file.IsExecutable));
        Assert.True(file.IsUnchanged());
        DateTime written = File.GetLastWriteTimeUtc(_folder["a"]);
        File.SetLastWriteTimeUtc(_folder["a"], written.AddSeconds(-5));
        Assert.False(file.IsUnchanged());
        File.WriteAllText(_folder["a"], "abcd");
        File.SetLastWriteTimeUtc(_folder["a"], written);
        Assert.False(file.IsUnchanged());
        File.Delete(_folder["a"]);
        Assert.False(file.IsUnchanged());
    }

    [Fact]
    public void An_unreadable_file_is_reported_before_hashing_and_an_empty_one_is_not_opened()
    {
        File.WriteAllText(_folder["a"], "abc");
        InputFile file = InputFile.Look(_folder["a"], "a")!;
        file.CheckReadable();
        File.Delete(_folder["a"]);
        TorrentException gone = Assert.Throws<TorrentException>(file.CheckReadable);
        Assert.StartsWith($"'{_folder["a"]}' cannot be read: ", gone.Message);
        Directory.CreateDirectory(_folder["a"]);
        TorrentException denied = Assert.Throws<TorrentException>(file.CheckReadable);
        Assert.Equal((TorrentErrorId.AccessDenied, $"'{_folder["a"]}' cannot be read: access is denied; check its permissions, or exclude it."), (denied.ErrorId, denied.Message));
        (file with { Length = 0 }).CheckReadable();
    }
}
