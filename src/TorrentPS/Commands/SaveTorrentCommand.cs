using System.Management.Automation;
using System.Net;
using TorrentPS.Arguments;
using TorrentPS.Completion;
using TorrentPS.Downloads;
using TorrentPS.Engine;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage.Creating;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Errors;

namespace TorrentPS.Commands;

/// <summary>
/// <para type="synopsis">Saves torrents as .torrent files; of a magnet link, peers are asked for the rest.</para>
/// <para type="description">Writes each torrent to a .torrent file. The metadata of a magnet link, and the piece layers of a version 2 torrent, come from peers and are checked against the link's hash.</para>
/// </summary>
[Cmdlet(VerbsData.Save, "Torrent", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(TorrentInfo))]
public sealed class SaveTorrentCommand : TorrentInfoCommand
{
    // Where names that differ by case alone are one file, two torrents of such names are not to end up in it.
    private readonly HashSet<string> _written = new(TorrentCreator.PathComparer);

    /// <summary><para type="description">The .torrent file to write, or the folder that it goes into under the torrent's name. The current location when it is left out.</para></summary>
    [Parameter(Position = 1, HelpMessage = "The .torrent to write, or the folder to write it to; by default the current location.")]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary><para type="description">Peers to ask for a magnet link's metadata besides those that are discovered: HOST:PORT, end points, or objects from Get-TorrentPeer.</para></summary>
    [Parameter(HelpMessage = "More peers to ask: HOST:PORT, [IPv6]:PORT, or objects from Get-TorrentPeer.")]
    [ValidateNotNullOrEmpty]
    [PeerEndPointTransformation]
    public EndPoint[] Peer { get; set; } = [];

    /// <summary><para type="description">Trackers to ask besides those of a magnet link, and before them; the saved torrent has them too. Announce addresses, each a tier of its own; an array in the array is a tier of several.</para></summary>
    [Parameter(HelpMessage = "More trackers for a magnet link, which the saved torrent has too; a nested array is a tier of several.")]
    [TrackerTierTransformation]
    [ArgumentCompleter(typeof(KnownTrackerCompleter))]
    [ValidateNotNullOrEmpty]
    public Uri[][] Tracker { get; set; } = [];

    /// <summary><para type="description">The discoveries to use for a magnet link. All when it is left out; Manual means only -Peer and the peers of the link.</para></summary>
    [Parameter(HelpMessage = "The discovery sources to use for a magnet link; by default all. Manual means only -Peer and the link's peers.")]
    [ValidateNotNullOrEmpty]
    public PeerSource[]? Source { get; set; }

    /// <summary><para type="description">What connections to peers go over. Any tries both TCP and uTP.</para></summary>
    [Parameter(HelpMessage = "Any tries TCP and uTP; Tcp and Utp only one of them.")]
    public PeerTransport Transport { get; set; }

    /// <summary><para type="description">How long peers may take to send a magnet link's metadata; 0 means as long as they like.</para></summary>
    [Parameter(HelpMessage = "The timeout for a magnet link's metadata in seconds; by default 180, 0 means no limit.")]
    [ValidateRange(0.0, 4_000_000.0)]
    public double TimeoutSeconds { get; set; } = ResolveOptions.DefaultTimeout.TotalSeconds;

    /// <summary><para type="description">Files of addresses that are neither connected to nor let in: p2p or dat lists, or addresses and prefixes, plain or compressed with gzip.</para></summary>
    [Parameter(HelpMessage = "IP block-list files: p2p, dat or CIDR lists, plain or gzip.")]
    [ValidateNotNullOrEmpty]
    public string[] IPFilter { get; set; } = [];

    /// <summary><para type="description">Replaces an existing file.</para></summary>
    [Parameter(HelpMessage = "Replaces an existing file.")]
    public SwitchParameter Force { get; set; }

    private protected override string[] FilterPaths => IPFilter;

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
