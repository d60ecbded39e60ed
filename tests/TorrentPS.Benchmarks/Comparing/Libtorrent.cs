using System.Diagnostics;
using System.Text.Json;
using TorrentPS.Benchmarks.Measuring;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary>libtorrent, the engine of qBittorrent and Deluge, through its Python binding.</summary>
internal sealed class Libtorrent(bool tuned) : ComparedClient
{
    // Distributions install the binding for their own Python, which need not be the first in the PATH.
    private static readonly string?[] s_pythons = ["/usr/bin/python3", Installed.Find("python3")];

    public override string Name => tuned ? "libtorrent" : "libtorrent-defaults";

    public override string Missing => "install python3-libtorrent";

    private static string? Python { get; } = s_pythons.FirstOrDefault(python => python is not null && File.Exists(python) && Import(python) is not null);

    public override ProcessStartInfo Command(Job job)
    {
        var config = new Dictionary<string, object>
        {
            ["listen"] = job.EndPoint.ToString(),
            ["folder"] = job.Folder,
            ["torrent"] = job.Torrent,
            ["encryption"] = job.Encryption.ToString().ToLowerInvariant(),
            ["tuned"] = tuned,
        };
        if (!job.IsSeeding)
            config.Add("done", job.Done);
        return new ProcessStartInfo(Python!, ["-B", Path.Combine(AppContext.BaseDirectory, "Clients", "libtorrent_peer.py"), JsonSerializer.Serialize(config)]);
    }

    protected override string? FindVersion() => Python is { } python ? Import(python) : null;

    private static string? Import(string python) =>
        Ask(python, "-W", "ignore", "-c", "import libtorrent; print(libtorrent.__version__)") is { } line && char.IsAsciiDigit(line[0]) ? line : null;
}
