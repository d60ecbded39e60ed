using System.Management.Automation;
using System.Net;
using System.Net.Sockets;
using TorrentPS.Arguments;
using TorrentPS.Errors;

namespace TorrentPS.Downloads;

/// <summary>Looks up the host names among the peers that a user names.</summary>
internal static class PeerLookup
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);

    /// <summary>The addresses; what has none is told of and left out.</summary>
    public static async Task<IReadOnlyList<IPEndPoint>> ResolveAsync(IReadOnlyList<EndPoint> peers, Action<ErrorRecord> onError, CancellationToken cancellationToken)
    {
        List<IPEndPoint> found = new(peers.Count);
        foreach (EndPoint endPoint in peers)
        {
            try
            {
                found.Add(await PeerAddress.ResolveAsync(endPoint, s_timeout, cancellationToken).ConfigureAwait(false));
            }
            catch (SocketException exception)
            {
                onError(ErrorRecords.UnknownHost(((DnsEndPoint)endPoint).Host, endPoint, exception));
            }
        }
        return found;
    }
}
