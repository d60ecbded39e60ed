using System.Net;

namespace TorrentPS.Engine.Trackers;

/// <summary>A peer in a tracker's list of a torrent's peers, which only a tracker of this program has.</summary>
/// <param name="EndPoint">Its address and port.</param>
/// <param name="PeerId">Its peer id, 20 bytes.</param>
/// <param name="Left">The bytes that it lacks; null if it does not say.</param>
/// <param name="Age">The time since its last announce.</param>
internal sealed record ListedPeer(IPEndPoint EndPoint, byte[] PeerId, long? Left, TimeSpan Age);
