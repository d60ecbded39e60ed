using System.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>A node as others name it.</summary>
internal readonly record struct DhtContact(NodeId Id, IPEndPoint EndPoint);
