using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Net;

/// <summary>The user's IP filter blocks the address.</summary>
internal sealed class BlockedAddressException(IPAddress address) : SocketException((int)SocketError.AccessDenied, $"The IP filter blocks {address}.");
