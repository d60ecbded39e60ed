using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Net;

/// <summary>The user's IP filter or list of allowed addresses blocks the address.</summary>
internal sealed class BlockedAddressException(IPAddress address, IPFilter filter) : SocketException((int)SocketError.AccessDenied, filter.Explain(address));
