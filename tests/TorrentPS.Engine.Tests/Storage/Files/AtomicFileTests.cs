using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage.Creating;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Tests.Storage.Files;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_name_may_have_the_maximum_length()
    {
        string name = new('n', 255);
        await AtomicFile.WriteAsync(_folder[name], "one"u8.ToArray(), overwrite: false, Token);
        TorrentCreator.Write(_folder[name], "two"u8, overwrite: true);
        Assert.Equal("two", File.ReadAllText(_folder[name]));
        Assert.Equal([_folder[name]], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task Existing_files_stay_unless_they_are_to_be_replaced()
    {
        File.WriteAllText(_folder["x"], "old");
        TorrentException e = await Assert.ThrowsAsync<TorrentException>(() => AtomicFile.WriteAsync(_folder["x"], "new"u8.ToArray(), overwrite: false, Token));
        Assert.Equal((TorrentErrorId.AccessDenied, $"There is a file '{_folder["x"]}' already. Name another, or ask for it to be replaced."), (e.ErrorId, e.Message));
        Assert.Equal("old", File.ReadAllText(_folder["x"]));
        await AtomicFile.WriteAsync(_folder["x"], "new"u8.ToArray(), overwrite: true, Token);
        Assert.Equal("new", File.ReadAllText(_folder["x"]));
        Assert.Equal([_folder["x"]], Directory.GetFiles(_folder.Path));
    }
}
