using System.Management.Automation;
using System.Net;
using TorrentPS.Engine;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Errors;

namespace TorrentPS.Downloads;

/// <summary>Getting a magnet link's metadata.</summary>
/// <param name="Torrent">What the link says.</param>
/// <param name="Options">How.</param>
/// <param name="Peers">Peers to ask, host names not yet looked up.</param>
internal sealed record MetadataRun(TorrentInfo Torrent, ResolveOptions Options, IReadOnlyList<EndPoint> Peers)
{
    /// <summary>Resolves the link; the result is null when there is none to write.</summary>
    /// <param name="client">The client that does it.</param>
    /// <param name="progress">Is told how it goes, from any thread.</param>
    /// <param name="onError">Gets what goes wrong, from any thread.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<TorrentInfo?> ExecuteAsync(TorrentClient client, IProgress<TorrentDownload> progress, Action<ErrorRecord> onError, CancellationToken cancellationToken)
    {
        try
        {
            ResolveOptions options = Options with
            {
                Peers = GivenPeers.AddressesOf(Peers),
                PeerNames = GivenPeers.NamesOf(Peers),
                OnError = GivenPeers.Watch(Torrent, onError),
            };
            return await client.ResolveAsync(MagnetLink.Parse(Torrent.MagnetUri), options, progress, cancellationToken).ConfigureAwait(false);
        }
        catch (TorrentException exception)
        {
            onError(ErrorRecords.From(exception, Torrent));
            return null;
        }
    }
}
