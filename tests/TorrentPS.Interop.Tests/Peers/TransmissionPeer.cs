using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using TorrentPS.Interop.Tests.Harness;

namespace TorrentPS.Interop.Tests.Peers;

/// <summary>
/// Transmission's daemon with one torrent; it seeds if its folder has the data. It never connects to a loopback address, so the other side must; and it processes its
/// peers every ten seconds, so that a transfer starts after ten to twelve.
/// </summary>
internal sealed class TransmissionPeer : IAsyncDisposable
{
    private const string SessionHeader = "X-Transmission-Session-Id";

    private readonly ExternalProcess _process;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly Uri _rpc;

    private TransmissionPeer(IPEndPoint endPoint, Uri rpc, ExternalProcess process) => (EndPoint, _rpc, _process) = (endPoint, rpc, process);

    public IPEndPoint EndPoint { get; }

    /// <summary>Starts the daemon and waits until it has checked its folder.</summary>
    /// <param name="torrent">The torrent.</param>
    /// <param name="folder">The folder of the data.</param>
    /// <param name="temp">The parent folder of its settings.</param>
    /// <param name="upLimit">The upload limit in kilobytes per second; 0 means no limit.</param>
    /// <param name="encrypted">Whether it accepts only encrypted connections.</param>
    public static async Task<TransmissionPeer> StartAsync(TestTorrent torrent, string folder, TempFolder temp, int upLimit = 0, bool encrypted = false)
    {
        string program = Installed.Require("transmission-daemon", "transmission-daemon");
        IPEndPoint endPoint = Loopback.Next(), rpc = Loopback.Next();
        string home = temp.Folder($"transmission-{Guid.NewGuid():n}");
        await File.WriteAllTextAsync(Path.Combine(home, "settings.json"), Settings(endPoint, rpc, folder, upLimit, encrypted).ToJsonString(), TestContext.Current.CancellationToken);
        ExternalProcess process = ExternalProcess.Start(program, ["--foreground", "--config-dir", home], home, new Dictionary<string, string> { ["HOME"] = home });
        TransmissionPeer peer = new(endPoint, new Uri($"http://{rpc}/transmission/rpc"), process);
        try
        {
            await peer.AddAsync(torrent, folder);
            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a peer with all the data.</summary>
    public static async Task<TransmissionPeer> SeedAsync(TestTorrent torrent, string folder, TempFolder temp, int upLimit = 0, bool encrypted = false)
    {
        TransmissionPeer peer = await StartAsync(torrent, folder, temp, upLimit, encrypted);
        await peer.UntilAsync(status => status.Seeding, "has found the data complete");
        return peer;
    }

    public async Task<Status> StatusAsync()
    {
        JsonNode arguments = await CallAsync("torrent-get", new { fields = new[] { "status", "percentDone", "uploadedEver", "downloadedEver", "peers", "errorString" } });
        JsonNode torrent = arguments["torrents"]![0]!;
        string error = (string)torrent["errorString"]!;
        return error.Length > 0
            ? throw new InvalidOperationException($"Transmission: {error}")
            : new Status((int)torrent["status"]!, (double)torrent["percentDone"]! >= 1, (long)torrent["uploadedEver"]!, (long)torrent["downloadedEver"]!,
                [.. torrent["peers"]!.AsArray().Select(peer => (string)peer!["clientName"]!)]);
    }

    public Task UntilAsync(Func<Status, bool> condition, string what) =>
        _process.UntilAsync(async () => condition(await StatusAsync()), Limits.Transfer, $"Transmission {what}");

    public Task UntilCompleteAsync() => UntilAsync(status => status.Complete, "has downloaded all");

    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _process.DisposeAsync();
    }

    private static JsonObject Settings(IPEndPoint endPoint, IPEndPoint rpc, string folder, int upLimit, bool encrypted) => new()
    {
        ["download-dir"] = folder,
        ["peer-port"] = endPoint.Port,
        ["bind-address-ipv4"] = endPoint.Address.ToString(),
        ["bind-address-ipv6"] = "::1",
        ["rpc-bind-address"] = rpc.Address.ToString(),
        ["rpc-port"] = rpc.Port,
        ["rpc-authentication-required"] = false,
        ["rpc-whitelist-enabled"] = false,
        ["rpc-host-whitelist-enabled"] = false,
        ["dht-enabled"] = false,
        ["lpd-enabled"] = false,
        ["pex-enabled"] = false,
        ["utp-enabled"] = false,
        ["port-forwarding-enabled"] = false,
        ["encryption"] = encrypted ? 2 : 0,
        ["preallocation"] = 0,
        ["upload-slots-per-torrent"] = 50,
        ["speed-limit-up"] = upLimit,
        ["speed-limit-up-enabled"] = upLimit > 0,
        ["message-level"] = 2,
    };

    private async Task AddAsync(TestTorrent torrent, string folder)
    {
        await _process.UntilAsync(async () => await Loopback.ListensAsync(new IPEndPoint(IPAddress.Parse(_rpc.Host), _rpc.Port)), Limits.Start, "Transmission's RPC listens");
        JsonNode added = await CallAsync("torrent-add", new Dictionary<string, object>
        {
            ["metainfo"] = Convert.ToBase64String(await File.ReadAllBytesAsync(torrent.Path, TestContext.Current.CancellationToken)),
            ["download-dir"] = folder,
        });
        Assert.Equal(torrent.InfoHash, (string)added["torrent-added"]!["hashString"]!);
        await UntilAsync(status => status.Running, "has checked its files");
        await _process.UntilAsync(async () => await Loopback.ListensAsync(EndPoint), Limits.Start, "Transmission listens for peers");
    }

    private async Task<JsonNode> CallAsync(string method, object arguments)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        for (; ; )
        {
            using HttpResponseMessage response = await _http.PostAsJsonAsync(_rpc, new { method, arguments }, cancellationToken);
            if (response.StatusCode == HttpStatusCode.Conflict)
            {
                // Its protection against scripts of other sites: the first answer has the id that further calls need.
                _http.DefaultRequestHeaders.Remove(SessionHeader);
                _http.DefaultRequestHeaders.Add(SessionHeader, response.Headers.GetValues(SessionHeader));
                continue;
            }

            JsonNode answer = (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonNode>(cancellationToken))!;
            return (string)answer["result"]! == "success" ? answer["arguments"]! : throw new InvalidOperationException($"Transmission: {method}: {answer["result"]}");
        }
    }

    /// <param name="Code">0 stopped, 1 and 2 checking, 3 and 4 downloading, 5 and 6 seeding.</param>
    /// <param name="Complete">Whether it has all the data.</param>
    /// <param name="Uploaded">Bytes of piece data sent.</param>
    /// <param name="Downloaded">Bytes of piece data received.</param>
    /// <param name="Clients">The names of its peers' clients.</param>
    internal sealed record Status(int Code, bool Complete, long Uploaded, long Downloaded, string[] Clients)
    {
        public bool Running => Code is 4 or 6;

        public bool Seeding => Code == 6;
    }
}
