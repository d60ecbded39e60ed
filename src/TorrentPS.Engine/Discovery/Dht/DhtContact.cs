using System.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>A node in the messages of other nodes.</summary>
internal readonly record struct DhtContact(NodeId Id, IPEndPoint EndPoint);
