using System.Net;
using TorrentPS.Interop.Tests.Harness;

namespace TorrentPS.Interop.Tests.Peers;

/// <summary>opentracker: the tracker that serves most public swarms. Debian's build serves only the info hashes of a list.</summary>
internal sealed class OpentrackerServer : IAsyncDisposable
{
    private readonly ExternalProcess _process;
    private readonly IPEndPoint _endPoint;

    private OpentrackerServer(IPEndPoint endPoint, ExternalProcess process) => (_endPoint, _process) = (endPoint, process);

    public static IPEndPoint Reserve()
    {
        Installed.Require("opentracker", "opentracker");
        return Loopback.Next();
    }

    /// <summary>The announce address that a tracker will have, by http or udp.</summary>
    public static string Announce(IPEndPoint endPoint, string scheme = "http") => $"{scheme}://{endPoint}/announce";

    /// <param name="endPoint">Where it listens: torrents name the tracker, and the tracker must know the torrents, so the address comes first.</param>
    /// <param name="temp">Where its list goes.</param>
    /// <param name="infoHashes">What it serves, in hexadecimal digits.</param>
    public static async Task<OpentrackerServer> StartAsync(IPEndPoint endPoint, TempFolder temp, params string[] infoHashes)
    {
        // Started as root, it changes its root to the folder and its user to "nobody", which must be able to read the list.
        string folder = temp.Folder($"opentracker-{Guid.NewGuid():n}");
        string list = Path.Combine(folder, "whitelist");
        await File.WriteAllLinesAsync(list, infoHashes, TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
            File.SetUnixFileMode(list, (UnixFileMode)0b110_100_100);
        }

        string port = endPoint.Port.ToString(null as IFormatProvider);
        ExternalProcess process = ExternalProcess.Start(Installed.Require("opentracker", "opentracker"),
            ["-i", endPoint.Address.ToString(), "-p", port, "-P", port, "-d", folder, "-w", "whitelist", "-u", "nobody"], folder);
        await process.UntilAsync(() => Loopback.ListensAsync(endPoint), Limits.Start, "opentracker listens");
        return new OpentrackerServer(endPoint, process);
    }

    /// <summary>What it counts, as asked by a client other than ours.</summary>
    public async Task<string> ScrapeAsync(string infoHash)
    {
        using HttpClient http = new();
        string escaped = string.Concat(infoHash.Chunk(2).Select(digits => $"%{new string(digits)}"));
        return await http.GetStringAsync(new Uri($"http://{_endPoint}/scrape?info_hash={escaped}"), TestContext.Current.CancellationToken) is { Length: > 0 } text
            ? text[Math.Max(0, text.IndexOf("8:complete", StringComparison.Ordinal))..]
            : "";
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
