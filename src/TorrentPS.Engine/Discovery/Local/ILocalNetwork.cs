using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Discovery.Local;

/// <summary>The local networks that this machine is in, for the messages of local discovery; in tests a made one.</summary>
internal interface ILocalNetwork : IDisposable
{
    /// <summary>Begins to receive, once.</summary>
    /// <param name="received">Gets each message that was sent to a group or to us, and its sender; from any thread, must return soon.</param>
    /// <exception cref="SocketException">There is no network to be in.</exception>
    void Open(Action<ReadOnlyMemory<byte>, IPEndPoint> received);

    /// <summary>Sends a message to the groups in every network. What cannot be sent is lost, as messages may be anyway.</summary>
    /// <param name="message">Makes the message for a family.</param>
    void SendToAll(Func<AddressFamily, byte[]> message);

    /// <summary>Sends a message to one.</summary>
    void Send(byte[] message, IPEndPoint to);
}
