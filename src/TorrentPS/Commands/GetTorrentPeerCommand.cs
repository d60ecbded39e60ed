using System.Management.Automation;
using TorrentPS.Arguments;
using TorrentPS.Completion;
using TorrentPS.Engine;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Net;
using TorrentPS.Formatting;

namespace TorrentPS.Commands;

/// <summary>
/// <para type="synopsis">Finds the peers of a torrent.</para>
/// <para type="description">Asks trackers and the other discovery sources, and writes each peer as soon as it is found. Trackers receive a started and then a stopped
/// event.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "TorrentPeer", DefaultParameterSetName = PathSet)]
[OutputType(typeof(TorrentPeer))]
public sealed class GetTorrentPeerCommand : TorrentInfoCommand
{
    /// <summary><para type="description">The trackers to ask instead of the torrent's own.</para></summary>
    [Parameter(HelpMessage = "The trackers to ask instead of the torrent's own.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TorrentTrackerCompleter))]
    public Uri[] Tracker { get; set; } = [];

    /// <summary><para type="description">The discovery sources to ask; by default all that the torrent allows.</para></summary>
    [Parameter(HelpMessage = "The discovery sources to ask; by default all that the torrent allows.")]
    [ValidateNotNullOrEmpty]
    public PeerSource[]? Source { get; set; }

    /// <summary><para type="description">The number of peers to find, 1 to 10000.</para></summary>
    [Parameter(HelpMessage = "Ends after this many peers.")]
    [ValidateRange(1, 10_000)]
    public int MaxPeers { get; set; }

    /// <summary><para type="description">The port to announce, 1 to 65535; by default one that no download uses.</para></summary>
    [Parameter(HelpMessage = "The port to announce; by default one that no download uses.")]
    [ValidateRange(1, 65535)]
    public int Port { get; set; }

    /// <summary><para type="description">How long to wait for answers.</para></summary>
    [Parameter(HelpMessage = "The number of seconds to wait for answers; by default 15.")]
    [ValidateRange(0.01, 4_000_000)]
    public double TimeoutSeconds { get; set; } = 15;

    /// <summary><para type="description">The only networks whose addresses are connected to or let in as peers: addresses, ranges and prefixes, IPv4 and IPv6.</para></summary>
    [Parameter(HelpMessage = "The only networks that peers may be in: addresses, ranges or prefixes such as 192.168.0.0/16.")]
    [ValidateNotNullOrEmpty]
    [ValidateNetwork]
    [ArgumentCompleter(typeof(OwnNetworkCompleter))]
    public string[] AllowedAddress { get; set; } = [];

    /// <summary><para type="description">IP block-list files, whose addresses are blocked as peers: p2p or dat lists, or addresses and prefixes, plain or
    /// gzip.</para></summary>
    [Parameter(HelpMessage = "IP block-list files: p2p, dat or CIDR lists, plain or gzip.")]
    [ValidateNotNullOrEmpty]
    public string[] IPFilter { get; set; } = [];

    private protected override string[] FilterPaths => IPFilter;

    private protected override string[] AllowedNetworks => AllowedAddress;

    private protected override void ProcessTorrent(TorrentInfo torrent)
    {
        bool isNoneReported = false;
        PeerSearchOptions options = new()
        {
            Trackers = Tracker,
            Sources = Source,
            MaxPeers = MaxPeers,
            Port = Port,
            Timeout = TimeSpan.FromSeconds(TimeoutSeconds),
            OnError = exception =>
            {
                isNoneReported |= exception.ErrorId == TorrentErrorId.NoPeers;
                PostError(exception, torrent);
            },
        };
        TorrentClient client = Client;
        bool found = Run(token => FindAsync(client, torrent, options, token));
        if (!found && !isNoneReported)
            WriteError(ErrorRecords.NoPeers(torrent));
    }

    private async Task<bool> FindAsync(TorrentClient client, TorrentInfo torrent, PeerSearchOptions options, CancellationToken cancellationToken)
    {
        bool found = false;
        try
        {
            await foreach (TorrentPeer peer in client.FindPeersAsync(torrent, options, cancellationToken).ConfigureAwait(false))
            {
                found = true;
                PostObject(peer);
            }
        }
        catch (TorrentException exception)
        {
            options.OnError?.Invoke(exception);
        }
        return found;
    }
}
