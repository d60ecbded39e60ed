using System.Management.Automation;
using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Formatting;

namespace TorrentPS.Downloads;

/// <summary>Converts the peers that a user names for the engine: addresses, and names that it resolves while it runs.</summary>
internal static class GivenPeers
{
    public static IReadOnlyList<IPEndPoint> AddressesOf(IEnumerable<EndPoint> peers) => [.. peers.OfType<IPEndPoint>()];

    public static IReadOnlyList<DnsEndPoint> NamesOf(IEnumerable<EndPoint> peers) => [.. peers.OfType<DnsEndPoint>()];

    /// <summary>Reports names that cannot be resolved. A missing kind of discovery source is not an error here.</summary>
    /// <param name="torrent">The torrent of the peers.</param>
    /// <param name="onError">Receives the record, from any thread.</param>
    public static Action<TorrentException> Watch(TorrentInfo torrent, Action<ErrorRecord> onError) => exception =>
    {
        if (exception.ErrorId == TorrentErrorId.UnknownHost)
            onError(ErrorRecords.From(exception, torrent));
    };
}
