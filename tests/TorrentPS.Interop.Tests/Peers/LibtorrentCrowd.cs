using System.Net;
using System.Text.Json;
using TorrentPS.Interop.Tests.Harness;

namespace TorrentPS.Interop.Tests.Peers;

/// <summary>Many libtorrent peers in one process that download one torrent.</summary>
internal sealed class LibtorrentCrowd : IAsyncDisposable
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    private readonly ExternalProcess _process;
    private volatile Status _status = new(0, 0, 0);

    private LibtorrentCrowd(object config, string folder) =>
        _process = ExternalProcess.Start("/usr/bin/python3", ["-B", Path.Combine(AppContext.BaseDirectory, "Peers", "libtorrent_crowd.py"), JsonSerializer.Serialize(config, s_json)], folder,
            onLine: line => _status = JsonSerializer.Deserialize<Status>(line, s_json)!);

    public Status Current => _status;

    /// <summary>Starts them; the data of each goes into a folder named by its number, from 0.</summary>
    public static async Task<LibtorrentCrowd> StartAsync(TestTorrent torrent, string folder, int count, IPEndPoint seeder)
    {
        await LibtorrentPeer.RequireAsync();
        string[] listen = [.. Enumerable.Range(0, count).Select(_ => Loopback.Next().ToString())];
        return new LibtorrentCrowd(new { listen, folder, torrent = torrent.Path, connect = seeder.ToString() }, folder);
    }

    public Task UntilAsync(Func<Status, bool> condition, string what) => _process.UntilAsync(() => condition(Current), Limits.Transfer, $"the libtorrent peers {what}; {Current}");

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    /// <param name="Complete">The number of complete peers.</param>
    /// <param name="Downloaded">Bytes of piece data received, in total.</param>
    /// <param name="Uploaded">Bytes of piece data sent, in total.</param>
    internal sealed record Status(int Complete, long Downloaded, long Uploaded);
}
