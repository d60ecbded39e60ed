using System.Diagnostics;
using System.Text.Json;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary>Transmission's daemon. It never connects to a loopback address, and processes its peers every ten seconds, so it starts after as long.</summary>
internal sealed class Transmission : ComparedClient
{
    private const string Program = "transmission-daemon";

    public override string Name => "transmission";

    public override string Missing => "install transmission-daemon";

    public override bool Exits => false;

    public override bool Dials => false;

    public override ProcessStartInfo Command(Job job)
    {
        // A watched folder adds the torrent without a second program.
        string watched = Directory.CreateDirectory(Path.Combine(job.Config, "watch")).FullName;
        File.Copy(job.Torrent, Path.Combine(watched, "payload.torrent"));
        File.WriteAllText(Path.Combine(job.Config, "settings.json"), JsonSerializer.Serialize(Settings(job, watched)));
        var start = new ProcessStartInfo(Installed.Find(Program)!, ["--foreground", "--config-dir", job.Config]);
        start.Environment["HOME"] = job.Config;
        return start;
    }

    protected override string? FindVersion() => Number(Ask(Program, "--version"));

    private static Dictionary<string, object> Settings(Job job, string watched) => new()
    {
        ["download-dir"] = job.Folder,
        ["incomplete-dir-enabled"] = false,
        ["preallocation"] = 0,
        ["watch-dir"] = watched,
        ["watch-dir-enabled"] = true,
        ["start-added-torrents"] = true,
        ["bind-address-ipv4"] = job.EndPoint.Address.ToString(),
        ["bind-address-ipv6"] = "::1",
        ["peer-port"] = job.EndPoint.Port,
        ["port-forwarding-enabled"] = false,
        ["rpc-enabled"] = false,
        ["dht-enabled"] = false,
        ["lpd-enabled"] = false,
        ["pex-enabled"] = false,
        ["utp-enabled"] = false,
        ["encryption"] = job.Encryption switch
        {
            EncryptionMode.Require => 2,
            EncryptionMode.Prefer => 1,
            _ => 0,
        },
        ["script-torrent-done-enabled"] = !job.IsSeeding,
        ["script-torrent-done-filename"] = job.Hook,
        ["peer-limit-global"] = 500,
        ["peer-limit-per-torrent"] = 500,
        ["upload-slots-per-torrent"] = 200,
        ["message-level"] = 1,
    };
}
