using System.Text.RegularExpressions;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Tests.Http;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Swarm;

namespace TorrentPS.Engine.Tests.Display;

public sealed partial class AddressTextTests
{
    private const string Secret = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http://tracker.example/announce", "http://tracker.example/announce")]
    [InlineData("udp://tracker.example:6969", "udp://tracker.example:6969/")]
    [InlineData("https://[2001:db8::1]:8443/a.b-c_d/announce.php", "https://[2001:db8::1]:8443/a.b-c_d/announce.php")]
    [InlineData("https://mirror.example/pub/ubuntu-24.04-desktop-amd64.iso", "https://mirror.example/pub/ubuntu-24.04-desktop-amd64.iso")]
    [InlineData("https://mirror.example/my%20film.1080p.mkv", "https://mirror.example/my%20film.1080p.mkv")]
    [InlineData("https://tracker.example/" + Secret + "/announce", "https://tracker.example/…/announce")]
    [InlineData("https://tracker.example/announce/" + Secret, "https://tracker.example/announce/…")]
    [InlineData("https://tracker.example/announce?passkey=" + Secret + "#x", "https://tracker.example/announce?…")]
    [InlineData("https://me:" + Secret + "@seed.example/f", "https://seed.example/f")]
    [InlineData("https://seed.example/a3f1-77b0/f", "https://seed.example/…/f")]
    [InlineData("C:\\folder\\x.torrent", "C:\\folder\\x.torrent")]
    [InlineData("/folder/" + Secret + ".torrent", "/folder/" + Secret + ".torrent")]
    [InlineData("http://a:" + Secret + "@/x?y=" + Secret, "http:///…")]
    [InlineData("magnet:?xt=urn:btih:" + Secret + "01234567&tr=http%3A%2F%2Fa%2Fannounce&tr=http%3A%2F%2Fb%2F" + Secret + "%2Fannounce&ws=http%3A%2F%2Fu%3Ap%40c%2F", "magnet:?xt=urn:btih:" + Secret + "01234567&tr=http%3A%2F%2Fa%2Fannounce")]
    public void A_possible_user_key_is_not_shown(string address, string shown) => Assert.Equal(shown, AddressText.Of(address));

    [Fact]
    public void Keys_of_every_usual_form_are_recognized()
    {
        var random = new Random(1);
        for (int i = 0; i < 2000; i++)
        {
            byte[] bytes = new byte[20];
            random.NextBytes(bytes);
            Assert.All((string[])[Convert.ToHexStringLower(bytes), Convert.ToBase64String(bytes).Replace('/', '_').TrimEnd('='), new Guid(bytes[..16]).ToString(), $"{BitConverter.ToUInt64(bytes):D12}"],
                key => Assert.Equal("http://a/…/announce", AddressText.Of(new Uri($"http://a/{Uri.EscapeDataString(key)}/announce"))));
        }
    }

    /// <summary>Errors, results and logs of everything that contacts an address, with a key in each part of it; nothing listens there.</summary>
    [Fact]
    public async Task No_text_of_the_engine_contains_a_key()
    {
        using var server = new ScriptedHttpServer(_ => ScriptedHttpServer.Reply("gone", "404 Not Found"));
        Uri At(string path) => new($"http://me:{Secret}@127.0.0.1:{server.Port}/{Secret}/{path}");
        Uri tracker = At($"announce?key={Secret}");
        Sample sample = Sample.Build(16384, 5, null, ("data.bin", 50_000));
        Torrent torrent = sample.Torrent.With([At("f")], [tracker, new Uri($"udp://127.0.0.1:1/{Secret}"), new Uri($"wss://127.0.0.1/{Secret}/announce")]);
        List<string?> texts = [];
        await using (SwarmMember member = SwarmMember.Download(torrent, null, [], options => options with { StallTimeout = TimeSpan.FromSeconds(1) }))
        {
            TorrentDownload result = await member.EndAsync();
            texts.AddRange(Texts(result));
            texts.Add(member.LogText);
        }

        await using TorrentClient client = new(new TorrentClientOptions { Port = 0 });
        texts.Add((await Assert.ThrowsAsync<TorrentException>(() => client.GetTorrentAsync(At("x.torrent"), Token))).Message);
        await foreach (TorrentTracker scraped in client.ScrapeAsync(new TorrentInfo(torrent), TimeSpan.FromSeconds(1), Token))
            texts.AddRange([.. Texts(scraped), scraped.ToString()]);
        Assert.Contains(texts, text => text is not null && text.Contains("/…/announce?…", StringComparison.Ordinal));
        Assert.All(texts, text => Assert.DoesNotContain(Secret, text ?? "", StringComparison.OrdinalIgnoreCase));
    }

    private static IEnumerable<string?> Texts(object result) => result.GetType().GetProperties().Where(property => property.PropertyType == typeof(string)).Select(property => (string?)property.GetValue(result));

    /// <summary>An address put into a text directly would be shown whole.</summary>
    [Fact]
    public void Text_is_made_from_addresses_only_by_the_one_rule()
    {
        string source = Path.Join(SecurityDefaultsTests.Root, "src");
        string[] found = [.. Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"))
            .SelectMany(file => File.ReadLines(file).Where(line => Shown().IsMatch(line)).Select(line => $"{Path.GetFileName(file)}: {line.Trim()}"))];
        Assert.Empty(found);
    }

    [GeneratedRegex(@"\$""[^""]*\{(\w+\.)*(uri|Uri|Location)\}|\$""[^""]*OriginalString|\b[uU]ri\.ToString\(\)|\bAbsoluteUri\b")]
    private static partial Regex Shown();
}
