using System.Management.Automation;
using System.Net;
using TorrentPS.Engine;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Formatting;

namespace TorrentPS.Downloads;

/// <summary>Gets a magnet link's metadata.</summary>
/// <param name="Torrent">The contents of the link.</param>
/// <param name="Options">The options.</param>
/// <param name="Peers">Peers to ask, with host names not yet resolved.</param>
internal sealed record MetadataRun(TorrentInfo Torrent, ResolveOptions Options, IReadOnlyList<EndPoint> Peers)
{
    /// <summary>Resolves the link; the result is null if there is none to write.</summary>
    /// <param name="client">The client to use.</param>
    /// <param name="progress">Receives the progress, from any thread.</param>
    /// <param name="onError">Receives errors, from any thread.</param>
    /// <param name="cancellationToken">Cancels.</param>
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
