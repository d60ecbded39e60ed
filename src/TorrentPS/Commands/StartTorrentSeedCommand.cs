using System.Management.Automation;
using TorrentPS.Downloads;
using TorrentPS.Engine;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Swarm;
using TorrentPS.Errors;
using TorrentPS.Formatting;

namespace TorrentPS.Commands;

/// <summary>
/// <para type="synopsis">Uploads the data of torrents to whoever asks for it.</para>
/// <para type="description">Checks that the data is complete, announces it, and serves peers until it is stopped or for as long as asked. Never writes to the data. Several torrents are seeded at the same time.</para>
/// </summary>
[Cmdlet(VerbsLifecycle.Start, "TorrentSeed", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(TorrentDownload), typeof(Job))]
public sealed class StartTorrentSeedCommand : TorrentTransferCommand
{
    /// <summary><para type="description">The folder that the torrent's file or folder is in, or the path of that file or folder itself. When it is left out, where New-Torrent found it, the folder of the .torrent, and then the current location.</para></summary>
    [Parameter(Position = 1, HelpMessage = "The folder that contains the data; by default the folder of the .torrent, or the current location.")]
    [ValidateNotNullOrEmpty]
    public string? Source { get; set; }

    /// <summary><para type="description">The discoveries to use. All that the torrent allows when it is left out; Manual means only -Peer and those who connect.</para></summary>
    [Parameter(HelpMessage = "The discovery sources to use; by default all that the torrent allows. Manual means only -Peer.")]
    [ValidateNotNullOrEmpty]
    public PeerSource[]? PeerSource { get; set; }

    /// <summary><para type="description">Shows each piece to one peer first, so that one copy, or little more, is uploaded until all pieces are among the peers (BEP 16). For the only seed of a new torrent: where there are others, all get it sooner without. Ends when another peer has everything.</para></summary>
    [Parameter(HelpMessage = "Uploads little more than one copy before all pieces are in the swarm. For the only seed of a new torrent.")]
    public SwitchParameter SuperSeed { get; set; }

    private protected override void ProcessTorrent(TorrentInfo torrent)
    {
        torrent = torrent.WithTrackers(Tracker);
        string? given = Source is null ? null : ResolvePath(Source, ErrorRecords.BadSource);
        string folder;
        try
        {
            string current = SessionState.Path.CurrentFileSystemLocation.ProviderPath;
            folder = torrent.HasMetadata ? SeedSource.Find(torrent, given, current) : given ?? current;
        }
        catch (TorrentException exception)
        {
            WriteError(ErrorRecords.From(exception, torrent));
            return;
        }
        string size = torrent.Length is { } length ? Units.Size(length) : "size not known yet";
        if (!ShouldProcess($"{torrent.Name} ({size}) from {folder}", "Seed"))
            return;
        DownloadOptions options = CreateOptions(folder) with { Sources = PeerSource, SeedOnly = true, SuperSeed = SuperSeed };
        Start(new DownloadRun(torrent, options, Peer, Network));
    }
}
