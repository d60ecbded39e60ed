using System.Net;

namespace TorrentPS.Engine.Wire;

/// <summary>A peer in a peer exchange message (BEP 11).</summary>
/// <param name="EndPoint">The address that it listens on.</param>
/// <param name="Flags">Its properties.</param>
internal readonly record struct ExchangedPeer(IPEndPoint EndPoint, PeerExchangeFlags Flags);
