using System.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>A query that was sent, and awaits its answer.</summary>
internal sealed class DhtRequest(ushort transactionId, IPEndPoint endPoint, KrpcMethod method, IDhtCaller caller, TimeSpan sentAt, TimeSpan lateAt)
{
    public ushort TransactionId => transactionId;

    public IPEndPoint EndPoint => endPoint;

    public KrpcMethod Method => method;

    public IDhtCaller Caller => caller;

    public TimeSpan SentAt => sentAt;

    /// <summary>From when on nobody waits for it.</summary>
    public TimeSpan LateAt => lateAt;

    /// <summary>Whether it has been answered or given up.</summary>
    public bool IsOver { get; set; }
}
