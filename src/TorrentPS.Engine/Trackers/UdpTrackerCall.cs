namespace TorrentPS.Engine.Trackers;

/// <summary>Writes a request with a connection and a transaction id; returns its length.</summary>
internal delegate int UdpTrackerWriter(Span<byte> destination, long connectionId, uint transactionId);

/// <summary>One request to a UDP tracker, and how long to wait for its answer.</summary>
/// <param name="Action">What it is, which the answer has to be, too.</param>
/// <param name="Write">Writes it.</param>
/// <param name="FirstWait">How long to wait before it is sent again; doubled each time.</param>
/// <param name="IsRepeated">Whether it is sent again at all; if not, no answer within the first wait ends it.</param>
/// <param name="Sent">Is called when it has left.</param>
internal sealed record UdpTrackerCall(UdpTrackerAction Action, UdpTrackerWriter Write, TimeSpan FirstWait, bool IsRepeated, Action? Sent);
