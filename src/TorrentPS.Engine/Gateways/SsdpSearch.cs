using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Gateways;

/// <summary>Searches the local network for gateways (UPnP Device Architecture 1.1, 1.3).</summary>
internal sealed class SsdpSearch(IPEndPoint group, NetworkRoute route, TimeProvider time)
{
    private const int MaxDevices = 8;
    private const int MaxReply = 2048;
    private const int Hops = 2;

    private static readonly TimeSpan s_repeat = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(3);

    /// <summary>The devices that answer, each with the address of its description and our address as it sees it.</summary>
    /// <param name="gateway">A gateway, which determines the network to search; null leaves that to the system.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    /// <exception cref="SocketException">No network is available.</exception>
    public async IAsyncEnumerable<(Uri Location, IPAddress Client)> FindAsync(IPAddress? gateway, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using Socket socket = route.Open(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        if (gateway is not null && LocalAddressTo(gateway) is { } own)
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, own.GetAddressBytes());
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastTimeToLive, Hops);
        using var limit = new CancellationTokenSource(s_limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        Send(socket);
        using ITimer again = time.CreateTimer(state => Send((Socket)state!), socket, s_repeat, Timeout.InfiniteTimeSpan);
        var seen = new HashSet<Uri>();
        byte[] buffer = new byte[MaxReply];
        EndPoint any = new IPEndPoint(IPAddress.Any, 0);
        while (seen.Count < MaxDevices)
        {
            SocketReceiveFromResult result;
            try
            {
                result = await socket.ReceiveFromAsync(buffer, SocketFlags.None, any, either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                yield break;
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.MessageSize or SocketError.ConnectionReset)
            {
                // An answer that is too long, or an unreachable receiver, which only Windows reports. Others may still answer.
                continue;
            }

            IPAddress from = ((IPEndPoint)result.RemoteEndPoint).Address;
            if (AddressRules.ReachOf(from) != AddressReach.World && SsdpReply.Read(buffer.AsSpan(0, result.ReceivedBytes), from) is { } location && seen.Add(location) && LocalAddressTo(from) is { } client)
                yield return (location, client);
        }
    }

    private void Send(Socket socket)
    {
        foreach (string target in UpnpDescription.SearchTargets)
        {
            try
            {
                socket.SendTo(SsdpReply.Search(group, target), group);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // lost, as on the network
            }
        }
    }

    /// <summary>Our address towards another address.</summary>
    private IPAddress? LocalAddressTo(IPAddress address)
    {
        try
        {
            using DatagramSocket socket = DatagramSocket.Open(new IPEndPoint(address, 9), route);
            return socket.LocalAddress;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
