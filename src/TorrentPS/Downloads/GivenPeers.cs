using System.Management.Automation;
using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Errors;

namespace TorrentPS.Downloads;

/// <summary>The peers that a user names, as the engine takes them: addresses, and names that it looks up while it goes on.</summary>
internal static class GivenPeers
{
    public static IReadOnlyList<IPEndPoint> AddressesOf(IEnumerable<EndPoint> peers) => [.. peers.OfType<IPEndPoint>()];

    public static IReadOnlyList<DnsEndPoint> NamesOf(IEnumerable<EndPoint> peers) => [.. peers.OfType<DnsEndPoint>()];

    /// <summary>Tells of a name that has no address. A kind of discovery that this machine does not have is no error of a command that does without it.</summary>
    /// <param name="torrent">What the peers are of.</param>
    /// <param name="onError">Gets the record, from any thread.</param>
    public static Action<TorrentException> Watch(TorrentInfo torrent, Action<ErrorRecord> onError) => exception =>
    {
        if (exception.ErrorId == TorrentErrorId.UnknownHost)
            onError(ErrorRecords.From(exception, torrent));
    };
}
