using System.Net;
using System.Text.Json;
using TorrentPS.Interop.Tests.Harness;

namespace TorrentPS.Interop.Tests.Peers;

/// <summary>libtorrent (the engine of qBittorrent and Deluge) with one torrent; it seeds if its folder has the data.</summary>
internal sealed class LibtorrentPeer : IAsyncDisposable
{
    /// <summary>The Python for which Debian installs python3-libtorrent.</summary>
    public const string Python = "/usr/bin/python3";

    /// <summary>The path of its script.</summary>
    public static string Script { get; } = Path.Combine(AppContext.BaseDirectory, "Peers", "libtorrent_peer.py");

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };
    private static readonly Lazy<Task<bool>> s_isInstalled = new(IsInstalledAsync);

    private readonly ExternalProcess _process;
    private volatile Status _status = new("starting", false, 0, 0, 0, [], [], false, false, null);

    private LibtorrentPeer(IPEndPoint endPoint, string script, object config, string folder)
    {
        EndPoint = endPoint;
        _process = ExternalProcess.Start(Python, ["-B", script, JsonSerializer.Serialize(config, s_json)], folder,
            onLine: line => _status = JsonSerializer.Deserialize<Status>(line, s_json)!);
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>The status of its torrent, at most about 50 ms old.</summary>
    public Status Current => _status;

    /// <summary>Skips the test if libtorrent is not installed.</summary>
    public static async Task RequireAsync() =>
        Assert.SkipUnless(await s_isInstalled.Value, "libtorrent for Python is not installed: apt-get install python3-libtorrent");

    /// <summary>Starts libtorrent and waits until it has checked its folder.</summary>
    /// <param name="torrent">The torrent.</param>
    /// <param name="folder">The folder of the data.</param>
    /// <param name="upLimit">The upload limit in bytes per second; 0 means no limit.</param>
    /// <param name="trackers">Whether it announces to the torrent's trackers.</param>
    /// <param name="encrypted">Whether it accepts and makes only encrypted connections.</param>
    /// <param name="pex">Whether it uses peer exchange.</param>
    /// <param name="dhtNodes">The nodes through which it enters a DHT; null for no DHT, empty for its first node.</param>
    /// <param name="utp">Whether it accepts and makes connections only over uTP, rather than only over TCP.</param>
    /// <param name="choking">Whether it keeps all peers choked.</param>
    public static async Task<LibtorrentPeer> StartAsync(TestTorrent torrent, string folder, int upLimit = 0, bool trackers = false, bool encrypted = false, bool pex = false, IPEndPoint[]? dhtNodes = null, bool utp = false, bool choking = false)
    {
        await RequireAsync();
        IPEndPoint endPoint = Loopback.Next();
        LibtorrentPeer peer = new(endPoint, Script,
            new { Listen = endPoint.ToString(), Folder = folder, Torrent = torrent.Path, up_limit = upLimit, Trackers = trackers, Encrypted = encrypted, Pex = pex, Utp = utp, Choking = choking, Dht = dhtNodes?.Select(node => node.ToString()) }, folder);
        await peer._process.UntilAsync(async () => peer.Current.IsChecked && (utp || await Loopback.ListensAsync(endPoint)), Limits.Start, "libtorrent checked its files and listens");
        return peer;
    }

    /// <summary>Starts libtorrent with only a magnet link.</summary>
    /// <param name="magnet">The link.</param>
    /// <param name="folder">The folder of the data.</param>
    /// <param name="encrypted">Whether it accepts and makes only encrypted connections.</param>
    public static async Task<LibtorrentPeer> StartAsync(string magnet, string folder, bool encrypted = false)
    {
        await RequireAsync();
        IPEndPoint endPoint = Loopback.Next();
        LibtorrentPeer peer = new(endPoint, Path.Combine(AppContext.BaseDirectory, "Peers", "libtorrent_peer.py"),
            new { Listen = endPoint.ToString(), Folder = folder, Magnet = magnet, Trackers = true, Encrypted = encrypted }, folder);
        await peer._process.UntilAsync(async () => peer.Current.IsChecked && await Loopback.ListensAsync(endPoint), Limits.Start, "libtorrent listens");
        return peer;
    }

    /// <summary>Starts a peer with all the data.</summary>
    public static async Task<LibtorrentPeer> SeedAsync(TestTorrent torrent, string folder, int upLimit = 0, bool trackers = false, bool encrypted = false, bool pex = false, IPEndPoint[]? dhtNodes = null, bool utp = false)
    {
        LibtorrentPeer peer = await StartAsync(torrent, folder, upLimit, trackers, encrypted, pex, dhtNodes, utp);
        Assert.True(peer.Current.Complete, $"libtorrent finds the data incomplete: {peer.Current}");
        return peer;
    }

    /// <summary>Connects to a peer; repeats that until it is connected.</summary>
    public void Connect(IPEndPoint endPoint) => _process.WriteLine(JsonSerializer.Serialize(new { connect = endPoint.ToString() }));

    public void LimitUpload(int bytesPerSecond) => _process.WriteLine(JsonSerializer.Serialize(new { up_limit = bytesPerSecond }));

    public Task UntilAsync(Func<Status, bool> condition, string what) => _process.UntilAsync(() => condition(Current), Limits.Transfer, $"libtorrent {what}");

    public Task UntilCompleteAsync() => UntilAsync(status => status.Complete, "has downloaded all");

    public void Kill() => _process.Kill();

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static async Task<bool> IsInstalledAsync()
    {
        if (Installed.Find(Python) is null)
            return false;
        await using ExternalProcess process = ExternalProcess.Start(Python, ["-c", "import libtorrent"], Path.GetTempPath());
        return await process.WaitForExitAsync(Limits.Start) == 0;
    }

    /// <param name="State">Its state.</param>
    /// <param name="Complete">Whether it has all the data.</param>
    /// <param name="Done">Bytes completed.</param>
    /// <param name="Downloaded">Bytes of piece data received.</param>
    /// <param name="Uploaded">Bytes of piece data sent.</param>
    /// <param name="Peers">The addresses of its peers.</param>
    /// <param name="Clients">The names of their clients.</param>
    /// <param name="Encrypted">Whether it has peers, and all connections are encrypted.</param>
    /// <param name="Utp">Whether it has peers, and all over uTP.</param>
    /// <param name="Error">The error of the torrent.</param>
    internal sealed record Status(string State, bool Complete, long Done, long Downloaded, long Uploaded, string[] Peers, string[] Clients, bool Encrypted, bool Utp, string? Error)
    {
        public bool IsChecked => Error is not null || !(State is "starting" || State.StartsWith("checking", StringComparison.Ordinal));
    }
}
