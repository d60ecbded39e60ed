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

    /// <summary>The future announce address of a tracker, over http or udp.</summary>
    public static string Announce(IPEndPoint endPoint, string scheme = "http") => $"{scheme}://{endPoint}/announce";

    /// <param name="endPoint">The address to listen on. Torrents contain it and the tracker must know the torrents, so it is chosen first.</param>
    /// <param name="temp">The parent folder of its list.</param>
    /// <param name="infoHashes">The info hashes it serves, in hexadecimal digits.</param>
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

    /// <summary>Its counts, read by another client than ours.</summary>
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
