using System.Text;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Swarm;

namespace TorrentPS.Engine.Tests.Hostile;

/// <summary>Symbolic links: those in a torrent (BEP 47) are never created, and existing ones at the destination do not lead out of it.</summary>
public sealed class SymlinkTests : IDisposable
{
    private const string Hash = "aaaaaaaaaaaaaaaaaaaa";

    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _outside = new();

    public void Dispose()
    {
        _folder.Dispose();
        _outside.Dispose();
    }

    [Theory]
    [InlineData("d5:filesld4:attr1:l4:pathl1:ae12:symlink pathl2:..2:..3:etc6:passwdeed6:lengthi9e4:pathl1:a1:beee4:name1:T12:piece lengthi16384e6:pieces20:" + Hash + "e")]
    [InlineData("d9:file treed1:ad0:d4:attr1:l12:symlink pathl2:..3:etceee1:bd0:d6:lengthi9e11:pieces root32:" + Hash + "aaaaaaaaaaaaeee12:meta versioni2e4:name1:T12:piece lengthi16384ee")]
    public void A_link_in_a_torrent_becomes_an_empty_file(string info)
    {
        Torrent torrent = Torrent.ParseInfo(Encoding.Latin1.GetBytes(info), null);
        using DataStore store = new(torrent, _folder.Path, [true, true]);
        store.Prepare();
        string[] made = Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories);
        Assert.Equal(2, made.Length);
        Assert.All(made, path => Assert.Null(new FileInfo(path).LinkTarget));
        Assert.Equal(0, torrent.Files[0].Length);
    }

    [Theory]
    [InlineData("l2:..2:..3:etc6:passwde", "../../etc/passwd")]
    [InlineData("l1:/3:etce", "//etc")]
    [InlineData("l1:be", "b")]
    [InlineData("l3:a\0be", "a\0b")]
    [InlineData("le", "")]
    [InlineData("l1:ali5eee", "")]
    [InlineData("li5ee", "")]
    [InlineData("d1:a1:be", "")]
    [InlineData("i5e", "")]
    [InlineData("4:name", "")]
    public void The_target_of_a_link_is_known_and_the_link_not_created(string target, string shown)
    {
        foreach (string info in (string[])[
            $"d5:filesld4:attr1:l4:pathl1:ae12:symlink path{target}ed6:lengthi9e4:pathl1:beee4:name1:T12:piece lengthi16384e6:pieces20:{Hash}e",
            $"d9:file treed1:ad0:d4:attr1:l12:symlink path{target}ee1:bd0:d6:lengthi9e11:pieces root32:{Hash}aaaaaaaaaaaaeee12:meta versioni2e4:name1:T12:piece lengthi16384ee"])
        {
            using TemporaryFolder folder = new();
            Torrent torrent = Torrent.ParseInfo(Encoding.Latin1.GetBytes(info), null);
            Assert.Equal([shown, null], torrent.Files.Select(file => file.LinkTarget));
            using DataStore store = new(torrent, folder.Path, [true, true]);
            store.Prepare();
            Assert.Equal((0, null), (new FileInfo(folder["T/a"]).Length, new FileInfo(folder["T/a"]).LinkTarget));
            Assert.Equal(2, Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories).Length);
        }
    }

    [Fact]
    public async Task A_missing_link_is_logged()
    {
        string info = $"d5:filesld4:attr1:l4:pathl1:ae12:symlink pathl2:..3:\e[Jeed6:lengthi9e4:pathl1:beee4:name1:T12:piece lengthi16384e6:pieces20:{Hash}e";
        await using SwarmMember member = SwarmMember.Download(Torrent.ParseInfo(Encoding.Latin1.GetBytes(info), null), _folder.Path, []);
        await member.LogsAsync("Symbolic links (BEP 47) of 'T' are left empty: 'T/a' to '../\\u001b[J'");
        await member.StopAsync();
        Assert.Null(new FileInfo(_folder["T/a"]).LinkTarget);
    }

    [Theory]
    [InlineData("T")]
    [InlineData("T/sub")]
    [InlineData("T/sub/a")]
    public void An_existing_link_is_not_followed_out(string link)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "making a symbolic link needs a privilege on Windows");
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[link])!);
        File.CreateSymbolicLink(_folder[link], link.EndsWith('a') ? _outside["victim"] : _outside.Path);
        Torrent torrent = Torrent.ParseInfo(HostileTorrents.Folder("T", "sub", "a"), null);
        using DataStore store = new(torrent, _folder.Path, [true]);
        Assert.Equal(TorrentErrorId.UnsafePath, Assert.Throws<TorrentException>(store.Prepare).ErrorId);
        Assert.Empty(Directory.GetFileSystemEntries(_outside.Path));
    }
}
