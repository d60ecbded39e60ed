using System.Net.Sockets;

namespace TorrentPS.Engine.Net;

/// <summary>A connection failed because of the proxy. The message is part of a sentence.</summary>
internal sealed class ProxyException(SocketError error, string message) : SocketException((int)error, message);
