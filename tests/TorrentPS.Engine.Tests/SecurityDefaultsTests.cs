using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Tests.Http;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests;

/// <summary>Promises of SECURITY.md that no other test checks, and the existence of the tests it names.</summary>
public sealed partial class SecurityDefaultsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    internal static string Root
    {
        get
        {
            string? folder = AppContext.BaseDirectory;
            while (folder is not null && !File.Exists(Path.Join(folder, "TorrentPS.sln")))
                folder = Path.GetDirectoryName(folder);
            return folder ?? throw new InvalidOperationException("The tests do not lie below the project's root.");
        }
    }

    [GeneratedRegex("`(?<class>[A-Z]\\w+Tests)\\.(?<test>\\w+)`")]
    private static partial Regex Named();

    [Fact]
    public void Every_test_in_the_promises_exists()
    {
        MatchCollection named = Named().Matches(File.ReadAllText(Path.Join(Root, "SECURITY.md")));
        Assert.InRange(named.Count, 20, 200);
        Dictionary<string, string> sources = [];
        foreach (string file in Directory.EnumerateFiles(Path.Join(Root, "tests"), "*Tests*.cs", SearchOption.AllDirectories))
        {
            string name = Path.GetFileName(file).Split('.')[0];
            sources[name] = sources.GetValueOrDefault(name) + File.ReadAllText(file);
        }

        Assert.All(named, test => Assert.Contains($" {test.Groups["test"].Value}(", sources.GetValueOrDefault(test.Groups["class"].Value, ""), StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_ids_of_two_torrents_do_not_reveal_a_common_user()
    {
        using var both = new CountdownEvent(2);
        using var tracker = new ScriptedHttpServer(request =>
        {
            if (request.Contains("event=started", StringComparison.Ordinal))
                both.Signal();
            return ScriptedHttpServer.Reply("d8:intervali900e5:peers0:e");
        });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        using TemporaryFolder folder = new();
        await using var client = new TorrentClient(new TorrentClientOptions { Port = 0, LocalDiscovery = false });
        Task<TorrentDownload>[] downloads = [.. Enumerable.Range(51, 2).Select(seed =>
            client.DownloadAsync(new TorrentInfo(Sample.Make(16384, seed, ($"data{seed}", 50_000)).Torrent.WithTracker(tracker.Announce)), new DownloadOptions { Destination = folder.Path }, null, stop.Token))];
        Assert.True(await Task.Run(() => both.Wait(TimeSpan.FromMinutes(5), Token), Token));
        await stop.CancelAsync();
        await Task.WhenAll(downloads);
        Assert.All((string[])["info_hash", "peer_id", "key"], name => Assert.Equal(2, Values(tracker.Requests, name).Length));
    }

    private static string[] Values(IEnumerable<string> requests, string name) =>
        [.. requests.Select(request => request[(request.IndexOf(name + "=", StringComparison.Ordinal) + name.Length + 1)..].Split('&')[0]).Distinct()];

    [Fact]
    public void A_thousand_peer_ids_share_only_the_clients_name()
    {
        byte[][] ids = [.. Enumerable.Range(0, 1000).Select(_ => PeerId.Create())];
        Assert.Equal(1000, ids.Select(Convert.ToHexString).Distinct().Count());
        for (int place = 8; place < ids[0].Length; place++)
            Assert.InRange(ids.Select(id => id[place]).Distinct().Count(), 50, 62); // of 62 letters and digits
    }

    /// <summary>Neither a torrent nor a peer can start a program: the code has no way to start one.</summary>
    [Fact]
    public void The_engine_starts_no_process_and_loads_no_code()
    {
        using FileStream file = File.OpenRead(typeof(TorrentClient).Assembly.Location);
        using PEReader reader = new(file);
        MetadataReader metadata = reader.GetMetadataReader();
        string[] types = [.. metadata.TypeReferences.Select(metadata.GetTypeReference).Select(type => $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}")];
        Assert.Contains("System.Net.Sockets.Socket", types);
        Assert.DoesNotContain(types, type => type is "System.Diagnostics.Process" or "System.Diagnostics.ProcessStartInfo" or "System.Runtime.Loader.AssemblyLoadContext"
            || type.StartsWith("System.Reflection.Emit.", StringComparison.Ordinal) || type.StartsWith("System.Management.Automation.", StringComparison.Ordinal)
            || type.StartsWith("System.Runtime.Serialization.Formatters.", StringComparison.Ordinal));
        string[] members = [.. metadata.MemberReferences.Select(metadata.GetMemberReference).Where(member => member.Parent.Kind == HandleKind.TypeReference)
            .Select(member => $"{metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)member.Parent).Name)}.{metadata.GetString(member.Name)}")];
        Assert.DoesNotContain(members, member => member.StartsWith("Assembly.Load", StringComparison.Ordinal) || member is "SslClientAuthenticationOptions.set_RemoteCertificateValidationCallback");
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://192.0.2.1/x.torrent")]
    [InlineData("gopher://192.0.2.1/x")]
    [InlineData("javascript:alert(1)")]
    public async Task Torrents_are_read_from_http_and_https_addresses_alone(string uri)
    {
        await using var client = new TorrentClient();
        Errors.TorrentException error = await Assert.ThrowsAsync<Errors.TorrentException>(() => client.GetTorrentAsync(new Uri(uri), Token));
        Assert.Equal(Errors.TorrentErrorId.TorrentNotFound, error.ErrorId);
    }
}
