using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using TorrentPS.Engine;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Creating;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>Downloads from web servers (BEP 19).</summary>
public sealed class WebSeedTests : InteropTest
{
    private static TestTorrent With(TestTorrent torrent, Uri seed)
    {
        byte[] bytes = File.ReadAllBytes(torrent.Path);
        File.WriteAllBytes(torrent.Path, [.. bytes[..^1], .. System.Text.Encoding.ASCII.GetBytes($"8:url-list{seed.OriginalString.Length}:{seed.OriginalString}e")]);
        return TestTorrent.Read(torrent.Payload, torrent.Path);
    }

    [Theory(Timeout = Limits.Test)]
    [MemberData(nameof(Shapes.Names), MemberType = typeof(Shapes))]
    public async Task Every_byte_comes_from_nginx_alone(string shape)
    {
        (Payload payload, int pieceLength) = Shapes.Get(shape);
        await using NginxServer server = await NginxServer.StartAsync(Source(payload), Temp);
        TestTorrent torrent = With(TestTorrent.Create(payload, Temp.Path, pieceLength), server.Root);

        TorrentDownload result = await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target));

        payload.AssertIn(Target);
        Assert.Equal(payload.Length, result.Downloaded - result.Wasted);
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData(TorrentVersion.V2)]
    [InlineData(TorrentVersion.Hybrid)]
    public async Task A_version_2_torrent_comes_from_nginx_alone_without_requests_for_padding(TorrentVersion version)
    {
        var payload = Payload.Folder("two", [("a/deep", 100), ("b.bin", 9_000_000), ("empty", 0), ("exact", 65536), ("sub/z", 1_300_001)]);
        string source = Source(payload);
        await using NginxServer server = await NginxServer.StartAsync(source, Temp);
        TestTorrent torrent = await TestTorrent.MakeAsync(payload, source, Temp.Path, new TorrentCreatorOptions { Version = version, PieceLength = 64 << 10, WebSeeds = [server.Root] });

        TorrentDownload result = await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target));

        payload.AssertIn(Target);
        Assert.Equal(payload.Length, result.Downloaded - result.Wasted);
        string[] requests = await File.ReadAllLinesAsync(server.Log, Token);
        Assert.NotEmpty(requests);
        Assert.All(requests, request => Assert.StartsWith("206 ", request, StringComparison.Ordinal));
        Assert.DoesNotContain(requests, request => request.Contains(".pad", StringComparison.Ordinal));
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData(TorrentVersion.V2)]
    [InlineData(TorrentVersion.Hybrid)]
    public async Task Wrong_data_of_nginx_is_found_by_hashes_from_libtorrent(TorrentVersion version)
    {
        var payload = Payload.SingleFile("wrong.bin", 8 << 20);
        string source = Source(payload), spoilt = payload.WriteTo(Temp.Folder("spoilt"));
        byte[] bytes = payload.Bytes(0);
        bytes[3_000_000] ^= 1;
        await File.WriteAllBytesAsync(Path.Combine(spoilt, payload.Name), bytes, Token);
        // One piece, most of which nginx sends before libtorrent does, but after libtorrent has connected; libtorrent then has the hash of each block, and the right
        // bytes of the wrong one.
        await using NginxServer server = await NginxServer.StartAsync(spoilt, Temp, limit: 2_000_000);
        TestTorrent torrent = await TestTorrent.MakeAsync(payload, source, Temp.Path, new TorrentCreatorOptions { Version = version, PieceLength = 8 << 20, WebSeeds = [server.Root] });
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, source, upLimit: 100_000);
        await using OwnPeer peer = OwnPeer.Start(torrent, OwnPeer.Options(Target, seeder.EndPoint));

        TorrentDownload result = await peer.UntilCompletedAsync();

        payload.AssertIn(Target);
        Assert.Contains($"Web seed {server.Root} is banned: it sent bad data", peer.Log, StringComparison.Ordinal);
        Assert.Contains("by the hashes of its blocks, 1 peer sent bad data", peer.Log, StringComparison.Ordinal);
        Assert.InRange(result.Wasted, 16384, payload.Length / 2);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Nginx_and_libtorrent_together()
    {
        var payload = Payload.SingleFile("together.bin", 40_000_001);
        string source = Source(payload);
        await using NginxServer server = await NginxServer.StartAsync(source, Temp, limit: 2_000_000);
        TestTorrent torrent = With(TestTorrent.Create(payload, Temp.Path, 64 << 10), server.Root);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, source, upLimit: 4_000_000);

        TorrentDownload result = await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint));

        payload.AssertIn(Target);
        await seeder.UntilAsync(status => status.Uploaded > 0, "has sent something");
        Assert.True(seeder.Current.Uploaded < payload.Length, $"libtorrent sent {seeder.Current.Uploaded} of {result.Downloaded} bytes.");
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_slow_nginx_delays_nothing_that_libtorrent_could_send()
    {
        var payload = Payload.SingleFile("slow web.bin", 12_000_001);
        string source = Source(payload);
        await using NginxServer server = await NginxServer.StartAsync(source, Temp, limit: 10_000); // it needs longer for a MiB than a transfer may take
        TestTorrent torrent = With(TestTorrent.Create(payload, Temp.Path, 64 << 10), server.Root);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, source, upLimit: 4_000_000);

        TorrentDownload result = await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint));

        payload.AssertIn(Target);
        Assert.InRange(result.Wasted, 0, payload.Length / 10);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_slow_libtorrent_delays_nothing_that_nginx_could_send()
    {
        var payload = Payload.SingleFile("slow peer.bin", 12_000_001);
        string source = Source(payload);
        await using NginxServer server = await NginxServer.StartAsync(source, Temp, limit: 1_000_000);
        TestTorrent torrent = With(TestTorrent.Create(payload, Temp.Path, 1 << 20), server.Root);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, source, upLimit: 5_000); // it needs longer for a piece than a transfer may take

        TorrentDownload result = await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint));

        payload.AssertIn(Target);
        Assert.InRange(result.Wasted, 0, payload.Length / 10);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_secure_nginx_is_used_only_if_its_authority_is_trusted()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Authorities are named by SSL_CERT_FILE where the system's TLS is OpenSSL.");
        var payload = Payload.SingleFile("secure.bin", 3_000_001);
        string authority = Temp.File("authority.pem");
        await using NginxServer server = await NginxServer.StartAsync(Source(payload), Temp, certify: address => MakeCertificate(address, authority));
        TestTorrent torrent = With(TestTorrent.Create(payload, Temp.Path, 64 << 10), server.Root);
        string[] arguments = ["download", torrent.Path, "--output", Target, "--port", "0", "--no-dht", "--no-pex", "--no-lsd", "--json"];

        (int exitCode, ExternalProcess process) = await TorrentPSProcess.RunAsync(Temp.Path, [.. arguments, "--stall-timeout", "20"]);
        Assert.True(exitCode == 4, process.Report);
        Assert.Contains("its certificate is signed by itself, or by an authority that this system does not trust", (string?)Assert.Single(TorrentPSProcess.Json(process))["Error"], StringComparison.Ordinal);

        string env = Installed.Require("env", "coreutils");
        await using ExternalProcess trusting = ExternalProcess.Start(env, [$"SSL_CERT_FILE={authority}", .. TorrentPSProcess.Command, .. arguments], Temp.Path);
        Assert.True(await trusting.WaitForExitAsync(Limits.Transfer) == 0, trusting.Report);
        JsonNode result = Assert.Single(TorrentPSProcess.Json(trusting));
        Assert.Equal("Completed", (string?)result["State"]);
        payload.AssertIn(Target);
    }

    /// <summary>Creates an authority, and a certificate signed by it for an address, with its key.</summary>
    private (string Certificate, string Key) MakeCertificate(IPAddress address, string authorityPath)
    {
        using ECDsa authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256), key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest authority = new("CN=Test Authority", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 root = authority.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        CertificateRequest request = new($"CN={address}", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 leaf = request.Create(root, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1), [7, 7]);
        (string Certificate, string Key) paths = (Temp.File("server.pem"), Temp.File("server.key"));
        File.WriteAllText(authorityPath, root.ExportCertificatePem());
        File.WriteAllText(paths.Certificate, leaf.ExportCertificatePem());
        File.WriteAllText(paths.Key, key.ExportPkcs8PrivateKeyPem());
        return paths;
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_Python_server_that_ignores_ranges_works(bool isFolder)
    {
        Payload payload = isFolder
            ? Payload.Folder("python", [("one.bin", 300_000), ("sub/two.bin", 200_001), ("three.bin", 77)])
            : Payload.SingleFile("python.bin", 1_000_001);
        string source = Source(payload);
        IPEndPoint endPoint = Loopback.Next();
        string python = Installed.Require("python3", "python3");
        await using ExternalProcess process = ExternalProcess.Start(python,
            ["-m", "http.server", "--bind", endPoint.Address.ToString(), "--directory", source, endPoint.Port.ToString(null as IFormatProvider)], Temp.Path);
        await process.UntilAsync(() => Loopback.ListensAsync(endPoint), Limits.Start, "the server listens");
        TestTorrent torrent = With(TestTorrent.Create(payload, Temp.Path, 64 << 10), new Uri($"http://{endPoint}/"));

        await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target));

        payload.AssertIn(Target);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Only_selected_files_are_fetched()
    {
        var payload = Payload.Folder("choice", [("one.bin", 400_000), ("two.bin", 65_536), ("three.bin", 400_000)]);
        await using NginxServer server = await NginxServer.StartAsync(Source(payload), Temp);
        TestTorrent torrent = With(TestTorrent.Create(payload, Temp.Path, 32 << 10), server.Root);

        TorrentDownload result = await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target) with { Include = ["two.bin"] });

        payload.AssertIn(Target, file => file.Path.EndsWith("two.bin", StringComparison.Ordinal));
        Assert.InRange(result.Downloaded, 65_536, 65_536 + 2 * (32 << 10));
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_magnet_links_web_seed_is_used_when_a_peer_gave_the_metadata()
    {
        var payload = Payload.SingleFile("magnet.bin", 3_000_001);
        string source = Source(payload);
        await using NginxServer server = await NginxServer.StartAsync(source, Temp);
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, 64 << 10);
        // It has the metadata, but unchokes no peer: it sends no data.
        await using LibtorrentPeer peer = await LibtorrentPeer.StartAsync(torrent, Temp.Folder("nothing"));
        TorrentInfo magnet = new(MagnetLink.Parse($"magnet:?xt=urn:btih:{torrent.InfoHash}&ws={Uri.EscapeDataString(server.Root.OriginalString)}"));
        await using TorrentClient client = new();

        TorrentDownload result = await client.DownloadAsync(magnet, OwnPeer.Options(Target, peer.EndPoint), cancellationToken: Token);

        Assert.Equal((TorrentState.Completed, null), (result.State, result.Error));
        payload.AssertIn(Target);
    }
}
