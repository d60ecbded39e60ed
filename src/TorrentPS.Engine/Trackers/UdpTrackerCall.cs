namespace TorrentPS.Engine.Trackers;

/// <summary>Writes a request with a connection id and a transaction id; returns its length.</summary>
internal delegate int UdpTrackerWriter(Span<byte> destination, long connectionId, uint transactionId);

/// <summary>A request to a UDP tracker, with its timing.</summary>
/// <param name="Action">The action, which the answer must have, too.</param>
/// <param name="Write">Writes the request.</param>
/// <param name="FirstWait">The time before the first retransmission; doubled each time.</param>
/// <param name="IsRepeated">Whether it is retransmitted at all; if not, it fails after the first wait.</param>
/// <param name="Sent">Called when it has been sent.</param>
internal sealed record UdpTrackerCall(UdpTrackerAction Action, UdpTrackerWriter Write, TimeSpan FirstWait, bool IsRepeated, Action? Sent);
