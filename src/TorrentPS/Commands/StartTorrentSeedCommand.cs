using System.Management.Automation;
using TorrentPS.Downloads;
using TorrentPS.Engine;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Swarm;
using TorrentPS.Formatting;

namespace TorrentPS.Commands;

/// <summary>
/// <para type="synopsis">Uploads the data of torrents to peers.</para>
/// <para type="description">Checks that the data is complete, announces the torrent, and serves peers until it is stopped or a limit is reached. Never writes to the
/// data. Several torrents are seeded at the same time.</para>
/// </summary>
[Cmdlet(VerbsLifecycle.Start, "TorrentSeed", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(TorrentDownload), typeof(Job))]
public sealed class StartTorrentSeedCommand : TorrentTransferCommand
{
    /// <summary><para type="description">The folder that contains the torrent's file or folder, or the path of that file or folder itself; by default where New-Torrent
    /// found it, the folder of the .torrent, and then the current location.</para></summary>
    [Parameter(Position = 1, HelpMessage = "The folder that contains the data; by default the folder of the .torrent, or the current location.")]
    [ValidateNotNullOrEmpty]
    public string? Source { get; set; }

    /// <summary><para type="description">The discovery sources to use; by default all that the torrent allows. Manual uses only -Peer and incoming
    /// connections.</para></summary>
    [Parameter(HelpMessage = "The discovery sources to use; by default all that the torrent allows. Manual means only -Peer.")]
    [ValidateNotNullOrEmpty]
    public PeerSource[]? PeerSource { get; set; }

    /// <summary><para type="description">Announces each piece to one peer first, so that little more than one copy is uploaded before all pieces are in the swarm (BEP
    /// 16). For the only seed of a new torrent: with other seeds, the swarm completes sooner without it. Ends when another peer has all pieces.</para></summary>
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
