using System.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>Sends a datagram without blocking; on failure it is lost.</summary>
internal delegate void DatagramSender(ReadOnlySpan<byte> packet, IPEndPoint to);
