using System.Net.Sockets;

namespace TorrentPS.Engine.Net;

/// <summary>There is no connection because of the proxy, or because of what it says. The message is part of a sentence.</summary>
internal sealed class ProxyException(SocketError error, string message) : SocketException((int)error, message);
