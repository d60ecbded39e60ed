using System.Diagnostics;
using System.Globalization;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary>aria2. It starts on a tick of a second or two, and waits two seconds for its last announce before it ends.</summary>
internal sealed class Aria2 : ComparedClient
{
    private const string Program = "aria2c";

    public override string Name => "aria2";

    public override string Missing => "install aria2";

    public override ProcessStartInfo Command(Job job)
    {
        List<string> arguments =
        [
            "--no-conf", $"--dir={job.Folder}", $"--interface={job.EndPoint.Address}", string.Create(CultureInfo.InvariantCulture, $"--listen-port={job.EndPoint.Port}"),
            "--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false", "--enable-peer-exchange=false",
            "--file-allocation=none", "--bt-max-peers=0", "--summary-interval=0", "--console-log-level=error", "--show-console-readout=false",
        ];
        if (job.Encryption == EncryptionMode.Require)
            arguments.AddRange(["--bt-force-encryption=true", "--bt-min-crypto-level=arc4"]);
        if (job.IsSeeding)
            arguments.AddRange(["--seed-ratio=0.0", "--check-integrity=true"]);
        else
            arguments.AddRange(["--seed-time=0", "--auto-save-interval=0", "--disk-cache=64M", "--bt-request-peer-speed-limit=1000M", $"--on-bt-download-complete={job.Hook}"]);
        return new ProcessStartInfo(Installed.Find(Program)!, [.. arguments, job.Torrent]);
    }

    protected override string? FindVersion() => Number(Ask(Program, "--version"));
}
