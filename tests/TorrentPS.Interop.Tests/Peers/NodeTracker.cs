using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using TorrentPS.Interop.Tests.Harness;

namespace TorrentPS.Interop.Tests.Peers;

/// <summary>npm's bittorrent-tracker, which reports every announce. Installed once, into a folder outside of all projects.</summary>
internal sealed class NodeTracker : IAsyncDisposable
{
    private const string Version = "11.2.3";

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { NumberHandling = JsonNumberHandling.AllowReadingFromString };
    private static readonly Lazy<Task<(string? Folder, string? Missing)>> s_installed = new(InstallAsync);

    private readonly ExternalProcess _process;
    private readonly List<Announce> _announces = [];

    private NodeTracker(IPEndPoint endPoint, string folder, int intervalSeconds)
    {
        Uri = new Uri($"http://{endPoint}/announce");
        UdpUri = new Uri($"udp://{endPoint}/announce");
        _process = ExternalProcess.Start(Installed.Require("node", "nodejs npm"),
            ["tracker.js", endPoint.Address.ToString(), endPoint.Port.ToString(null as IFormatProvider), intervalSeconds.ToString(null as IFormatProvider)], folder, onLine: OnLine);
    }

    /// <summary>Its announce address.</summary>
    public Uri Uri { get; }

    /// <summary>Its announce address for UDP.</summary>
    public Uri UdpUri { get; }

    /// <param name="intervalSeconds">The announce interval that it tells clients.</param>
    public static async Task<NodeTracker> StartAsync(int intervalSeconds = 600)
    {
        Installed.Require("node", "nodejs npm");
        Installed.Require("npm", "nodejs npm");
        (string? folder, string? missing) = await s_installed.Value;
        Assert.SkipWhen(folder is null, missing ?? "");
        NodeTracker tracker = new(Loopback.Next(), folder!, intervalSeconds);
        await tracker.UntilAsync(announces => announces.Any(announce => announce.Event == "listening"), "listens");
        return tracker;
    }

    /// <summary>The announces of a torrent so far, in order.</summary>
    public Announce[] Announces(string infoHash)
    {
        lock (_announces)
            return [.. _announces.Where(announce => string.Equals(announce.InfoHash, infoHash, StringComparison.OrdinalIgnoreCase))];
    }

    public Task UntilAsync(Func<Announce[], bool> condition, string what) => _process.UntilAsync(() =>
    {
        lock (_announces)
            return condition([.. _announces]);
    }, Limits.Start, $"bittorrent-tracker {what}");

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private void OnLine(string line)
    {
        Announce announce = JsonSerializer.Deserialize<Announce>(line, s_json)!;
        lock (_announces)
            _announces.Add(announce);
    }

    private static async Task<(string? Folder, string? Missing)> InstallAsync()
    {
        string root = Path.Combine(Path.GetTempPath(), "torrentps-interop-cache");
        string folder = Path.Combine(root, $"bittorrent-tracker-{Version}");
        string source = Path.Combine(AppContext.BaseDirectory, "Peers", "bittorrent-tracker");
        if (!Directory.Exists(folder))
        {
            // Created under another name, so that an interrupted installation is never taken for a complete one.
            string making = Path.Combine(root, $"making-{Guid.NewGuid():n}");
            Copy(source, making);
            await using ExternalProcess npm = ExternalProcess.Start(Installed.Require("npm", "nodejs npm"),
                ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional", "--fetch-retries=1", "--fetch-timeout=30000"], making);
            try
            {
                if (await npm.WaitForExitAsync(TimeSpan.FromSeconds(75)) != 0)
                    return Missing(making, FirstError(npm.Errors));
            }
            catch (TimeoutException)
            {
                return Missing(making, "npm install took longer than 75 s");
            }

            try
            {
                Directory.Move(making, folder);
            }
            catch (IOException) when (Directory.Exists(folder))
            {
                // Another run was faster.
                Directory.Delete(making, recursive: true);
            }
        }

        File.Copy(Path.Combine(source, "tracker.js"), Path.Combine(folder, "tracker.js"), overwrite: true);
        return (folder, null);
    }

    private static (string? Folder, string? Missing) Missing(string making, string reason)
    {
        Directory.Delete(making, recursive: true);
        return (null, $"npm could not install bittorrent-tracker, which needs a package registry ({reason}): npm install bittorrent-tracker@{Version}");
    }

    private static string FirstError(string text) =>
        text.Split('\n').FirstOrDefault(line => line.StartsWith("npm error", StringComparison.Ordinal))?.Trim() ?? "npm said nothing";

    private static void Copy(string source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (string file in Directory.GetFiles(source))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        foreach (string folder in Directory.GetDirectories(source))
            Copy(folder, Path.Combine(target, Path.GetFileName(folder)));
    }

    /// <param name="Event">start, update, complete or stop.</param>
    /// <param name="Peer">The address and port of the announcing peer.</param>
    /// <param name="InfoHash">The info hash in hexadecimal digits.</param>
    /// <param name="Left">Bytes still missing.</param>
    /// <param name="Downloaded">Bytes received.</param>
    /// <param name="Uploaded">Bytes sent.</param>
    /// <param name="Message">The error, if any.</param>
    internal sealed record Announce(string Event, string? Peer, string? InfoHash, double? Left, double? Downloaded, double? Uploaded, string? Message);
}
