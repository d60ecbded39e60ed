using System.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>A query in flight.</summary>
internal sealed class DhtRequest(ushort transactionId, IPEndPoint endPoint, KrpcMethod method, IDhtCaller caller, TimeSpan sentAt, TimeSpan lateAt)
{
    public ushort TransactionId => transactionId;

    public IPEndPoint EndPoint => endPoint;

    public KrpcMethod Method => method;

    public IDhtCaller Caller => caller;

    public TimeSpan SentAt => sentAt;

    /// <summary>When its answer counts as late.</summary>
    public TimeSpan LateAt => lateAt;

    /// <summary>Whether it has been answered or has expired.</summary>
    public bool IsOver { get; set; }
}
