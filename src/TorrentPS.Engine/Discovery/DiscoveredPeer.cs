using System.Net;

namespace TorrentPS.Engine.Discovery;

/// <summary>A peer's address, as a discovery gave it.</summary>
/// <param name="EndPoint">Its address and port; never unspecified, multicast or port 0.</param>
/// <param name="Source">The kind of discovery.</param>
/// <param name="Tracker">The tracker that named it, when it was one.</param>
/// <param name="PeerId">Its peer id, 20 bytes; empty where it is not known.</param>
internal readonly record struct DiscoveredPeer(IPEndPoint EndPoint, PeerSource Source, Uri? Tracker, ReadOnlyMemory<byte> PeerId);
