using System.Net;

namespace TorrentPS.Engine.Wire;

/// <summary>A peer as another tells of it (BEP 11).</summary>
/// <param name="EndPoint">Where it listens.</param>
/// <param name="Flags">What it is like.</param>
internal readonly record struct ExchangedPeer(IPEndPoint EndPoint, PeerExchangeFlags Flags);
