using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Hostile;

/// <summary>Names with commands in them (CVE-2019-13640): the engine starts no process, so they remain names.</summary>
public sealed class CommandTests
{
    [Fact]
    public void The_engine_cannot_start_a_process() =>
        Assert.DoesNotContain(typeof(Torrent).Assembly.GetReferencedAssemblies(), assembly => assembly.Name == "System.Diagnostics.Process");

    [Theory]
    [InlineData("$(touch x)")]
    [InlineData("`touch x`")]
    [InlineData("a; touch x; #")]
    [InlineData("a && touch x")]
    [InlineData("-rf")]
    [InlineData("%USERPROFILE%")]
    [InlineData("~root")]
    [InlineData("${HOME}")]
    [InlineData("'; Remove-Item x; '")]
    public void A_command_is_a_name(string name)
    {
        Torrent torrent = Torrent.ParseInfo(HostileTorrents.Folder(name, name), null);
        Assert.Equal($"{name}/{name}", torrent.Files[0].Path);
        using TemporaryFolder folder = new();
        using DataStore store = new(torrent, folder.Path, [true]);
        store.Prepare();
        Assert.Equal([folder[name]], Directory.GetFileSystemEntries(folder.Path));
    }
}
