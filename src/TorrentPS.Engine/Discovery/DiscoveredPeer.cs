using System.Net;

namespace TorrentPS.Engine.Discovery;

/// <summary>A peer address from a discovery source.</summary>
/// <param name="EndPoint">Its address and port; never unspecified, multicast or port 0.</param>
/// <param name="Source">The kind of discovery source.</param>
/// <param name="Tracker">The tracker that returned it, if it came from one.</param>
/// <param name="PeerId">Its peer id, 20 bytes; empty if unknown.</param>
internal readonly record struct DiscoveredPeer(IPEndPoint EndPoint, PeerSource Source, Uri? Tracker, ReadOnlyMemory<byte> PeerId);
