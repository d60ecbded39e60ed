using System.Diagnostics;
using System.Globalization;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary>rTorrent, without its screen. It maps the files it writes, so its anonymous memory is small.</summary>
internal sealed class Rtorrent : ComparedClient
{
    private const string Program = "rtorrent";

    public override string Name => "rtorrent";

    public override string Missing => "install rtorrent";

    public override bool Exits => false;

    public override ProcessStartInfo Command(Job job)
    {
        string session = Directory.CreateDirectory(Path.Combine(job.Config, "session")).FullName, file = Path.Combine(job.Config, "rtorrent.rc");
        List<string> lines =
        [
            "system.daemon.set = true",
            $"session.path.set = {session}",
            $"directory.default.set = {job.Folder}",
            $"network.bind_address.set = {job.EndPoint.Address}",
            string.Create(CultureInfo.InvariantCulture, $"network.port_range.set = {job.EndPoint.Port}-{job.EndPoint.Port}"),
            "network.port_random.set = no",
            "dht.mode.set = disable",
            "protocol.pex.set = no",
            "trackers.use_udp.set = no",
            $"protocol.encryption.set = {(job.Encryption == EncryptionMode.Off ? "none" : job.Encryption == EncryptionMode.Prefer ? "allow_incoming,try_outgoing" : "require,require_RC4,allow_incoming")}",
            "pieces.hash.on_completion.set = no",
            "throttle.max_uploads.set = 200",
        ];
        if (!job.IsSeeding)
            lines.Add($"method.set_key = event.download.finished, benchmark, \"execute.nothrow={job.Hook}\"");
        lines.Add($"load.start = {job.Torrent}");
        File.WriteAllLines(file, lines);
        var start = new ProcessStartInfo(Installed.Find(Program)!, ["-n", "-o", $"import={file}"]) { WorkingDirectory = job.Config };
        start.Environment["HOME"] = job.Config;
        start.Environment["TERM"] = "dumb";
        return start;
    }

    protected override string? FindVersion() => Number(Ask(Program, "-h")?.Replace("version ", " ", StringComparison.Ordinal));
}
