using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Discovery.Local;

/// <summary>The local networks of this machine, for local discovery; simulated in tests.</summary>
internal interface ILocalNetwork : IDisposable
{
    /// <summary>Starts receiving, once.</summary>
    /// <param name="received">Receives each message to a group or to us, and its source; from any thread, must return soon.</param>
    /// <exception cref="SocketException">There is no network.</exception>
    void Open(Action<ReadOnlyMemory<byte>, IPEndPoint> received);

    /// <summary>Sends a message to the groups in every network. On failure it is lost, as on the network.</summary>
    /// <param name="message">Creates the message for an address family.</param>
    void SendToAll(Func<AddressFamily, byte[]> message);

    /// <summary>Sends a message to one address.</summary>
    void Send(byte[] message, IPEndPoint to);
}
