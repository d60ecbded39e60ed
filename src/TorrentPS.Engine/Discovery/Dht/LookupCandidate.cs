using System.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>A node known to a lookup.</summary>
internal sealed class LookupCandidate(DhtLookup lookup, NodeId? id, IPEndPoint endPoint, int hops) : IDhtCaller
{
    /// <summary>Its id; null while only the address is known.</summary>
    public NodeId? Id { get; private set; } = id;

    public IPEndPoint EndPoint => endPoint;

    /// <summary>The number of sequential queries up to this node.</summary>
    public int Hops => hops;

    public LookupState State { get; set; }

    /// <summary>The token that it requires for an announce.</summary>
    public byte[] Token { get; private set; } = [];

    public void Answered(DhtRequest request, NodeId id, in KrpcMessage message)
    {
        // Another id than the one under which it was listed: its answers cannot be trusted.
        if (Id is { } named && named != id)
        {
            lookup.Failed(this);
            return;
        }

        Token = message.Token.ToArray();
        bool wasNamed = Id is not null;
        Id = id;
        lookup.Answered(this, wasNamed, message);
    }

    public void Delayed(DhtRequest request) => lookup.Delayed(this);

    public void Failed(DhtRequest request) => lookup.Failed(this);
}
