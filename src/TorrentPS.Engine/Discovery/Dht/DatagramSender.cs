using System.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>Sends a datagram, or loses it; never waits.</summary>
internal delegate void DatagramSender(ReadOnlySpan<byte> packet, IPEndPoint to);
