using System.Management.Automation;
using System.Net;
using TorrentPS.Arguments;
using TorrentPS.Completion;
using TorrentPS.Downloads;
using TorrentPS.Engine;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage.Creating;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Formatting;

namespace TorrentPS.Commands;

/// <summary>
/// <para type="synopsis">Saves torrents and magnet links as .torrent files.</para>
/// <para type="description">Writes each torrent to a .torrent file. The metadata of a magnet link, and the piece layers of a version 2 torrent, come from peers and are checked against the link's hash.</para>
/// </summary>
[Cmdlet(VerbsData.Save, "Torrent", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(TorrentInfo))]
public sealed class SaveTorrentCommand : TorrentInfoCommand
{
    // If names that differ only in case are the same file, two torrents must not be written to it.
    private readonly HashSet<string> _written = new(TorrentCreator.PathComparer);

    /// <summary><para type="description">The .torrent file to write, or the folder to write it to under the torrent's name; by default the current
    /// location.</para></summary>
    [Parameter(Position = 1, HelpMessage = "The .torrent to write, or the folder to write it to; by default the current location.")]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary><para type="description">Peers to ask for a magnet link's metadata in addition to those found: HOST:PORT, end points, or objects from
    /// Get-TorrentPeer.</para></summary>
    [Parameter(HelpMessage = "More peers to ask: HOST:PORT, [IPv6]:PORT, or objects from Get-TorrentPeer.")]
    [ValidateNotNullOrEmpty]
    [PeerEndPointTransformation]
    public EndPoint[] Peer { get; set; } = [];

    /// <summary><para type="description">Trackers to ask before those of a magnet link, which are also saved in the torrent: announce addresses, each in its own tier; a
    /// nested array is a tier of several trackers.</para></summary>
    [Parameter(HelpMessage = "More trackers for a magnet link, which the saved torrent has too; a nested array is a tier of several.")]
    [TrackerTierTransformation]
    [ArgumentCompleter(typeof(KnownTrackerCompleter))]
    [ValidateNotNullOrEmpty]
    public Uri[][] Tracker { get; set; } = [];

    /// <summary><para type="description">The discovery sources to use for a magnet link; by default all. Manual uses only -Peer and the peers in the
    /// link.</para></summary>
    [Parameter(HelpMessage = "The discovery sources to use for a magnet link; by default all. Manual means only -Peer and the link's peers.")]
    [ValidateNotNullOrEmpty]
    public PeerSource[]? Source { get; set; }

    /// <summary><para type="description">The transport for connections to peers. Any tries both TCP and uTP.</para></summary>
    [Parameter(HelpMessage = "Any tries TCP and uTP; Tcp and Utp only one of them.")]
    public PeerTransport Transport { get; set; }

    /// <summary><para type="description">The timeout for a magnet link's metadata; 0 means no limit.</para></summary>
    [Parameter(HelpMessage = "The timeout for a magnet link's metadata in seconds; by default 180, 0 means no limit.")]
    [ValidateRange(0.0, 4_000_000.0)]
    public double TimeoutSeconds { get; set; } = ResolveOptions.DefaultTimeout.TotalSeconds;

    /// <summary><para type="description">The only networks whose addresses are connected to or let in as peers: addresses, ranges and prefixes, IPv4 and IPv6.</para></summary>
    [Parameter(HelpMessage = "The only networks that peers may be in: addresses, ranges or prefixes such as 192.168.0.0/16.")]
    [ValidateNotNullOrEmpty]
    [ValidateNetwork]
    [ArgumentCompleter(typeof(OwnNetworkCompleter))]
    public string[] AllowedAddress { get; set; } = [];

    /// <summary><para type="description">The IP address that trackers are told to list in place of the one that they see. Many ignore it.</para></summary>
    [Parameter(HelpMessage = "The IP address by which peers reach this machine, for trackers to list.")]
    [AnnouncedAddressTransformation]
    [ArgumentCompleter(typeof(AnnouncedAddressCompleter))]
    public IPAddress? AnnounceAddress { get; set; }

    /// <summary><para type="description">IP block-list files, whose addresses are blocked as peers: p2p or dat lists, or addresses and prefixes, plain or
    /// gzip.</para></summary>
    [Parameter(HelpMessage = "IP block-list files: p2p, dat or CIDR lists, plain or gzip.")]
    [ValidateNotNullOrEmpty]
    public string[] IPFilter { get; set; } = [];

    /// <summary><para type="description">Replaces an existing file.</para></summary>
    [Parameter(HelpMessage = "Replaces an existing file.")]
    public SwitchParameter Force { get; set; }

    private protected override string[] FilterPaths => IPFilter;

    private protected override string[] AllowedNetworks => AllowedAddress;

    private protected override IPAddress? AnnouncedAddress => AnnounceAddress;

    private protected override void ProcessTorrent(TorrentInfo torrent)
    {
        string destination = ResolveDestination(out bool isFolder);
        string what = torrent.HasMetadata ? "Save torrent" : "Get metadata from peers and save torrent";
        if (!ShouldProcess($"{torrent.Name} to {destination}", what) || (!isFolder && !MayWrite(destination)))
            return;
        if ((torrent.HasMetadata ? torrent : Resolve(torrent)) is not { } whole)
            return;
        string file = isFolder ? System.IO.Path.Join(destination, whole.ToFileName()) : destination;
        if (isFolder && !MayWrite(file))
            return;
        if (Run(token => WriteAsync(whole, file, token)) is not { } saved)
            return;
        _written.Add(file);
        WriteObject(saved);
    }

    private TorrentInfo? Resolve(TorrentInfo torrent)
    {
        torrent = torrent.WithTrackers(Tracker);
        TorrentClient client = Client;
        ResolveOptions options = new() { Sources = Source, Transport = Transport, Timeout = TimeoutSeconds > 0 ? TimeSpan.FromSeconds(TimeoutSeconds) : null, OnWarning = PostWarning };
        MetadataRun run = new(torrent, options, Peer);
        TransferProgress progress = new(Pump, CommandRuntime, Host);
        TransferProgress.Row row = progress.Add(isSeed: false);
        try
        {
            return Run(token => run.ExecuteAsync(client, row, PostError, token));
        }
        finally
        {
            progress.Complete();
        }
    }

    private async Task<TorrentInfo?> WriteAsync(TorrentInfo torrent, string file, CancellationToken cancellationToken)
    {
        try
        {
            return await torrent.SaveAsync(file, Force, cancellationToken).ConfigureAwait(false);
        }
        catch (Engine.Errors.TorrentException exception)
        {
            PostError(exception, file);
            return null;
        }
    }

    private bool MayWrite(string file)
    {
        bool isTwice = _written.Contains(file);
        if (!isTwice && (Force || !File.Exists(file)))
            return true;
        WriteError(ErrorRecords.TorrentExists(file, isTwice));
        return false;
    }

    private string ResolveDestination(out bool isFolder)
    {
        string path = Destination ?? SessionState.Path.CurrentLocation.Path;
        string resolved = ResolvePath(path, ErrorRecords.BadTorrentDestination);
        isFolder = Directory.Exists(resolved) || path.EndsWith('/') || path.EndsWith(System.IO.Path.DirectorySeparatorChar);
        return resolved;
    }
}
