using System.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>A node that a lookup knows of.</summary>
internal sealed class LookupCandidate(DhtLookup lookup, NodeId? id, IPEndPoint endPoint, int hops) : IDhtCaller
{
    /// <summary>Its id; null while it is an address only.</summary>
    public NodeId? Id { get; private set; } = id;

    public IPEndPoint EndPoint => endPoint;

    /// <summary>How many nodes were asked one after the other until this one is.</summary>
    public int Hops => hops;

    public LookupState State { get; set; }

    /// <summary>What it wants to see when something is announced to it.</summary>
    public byte[] Token { get; private set; } = [];

    public void Answered(DhtRequest request, NodeId id, in KrpcMessage message)
    {
        // Another id than the one that it was named by: nothing that it says is worth anything here.
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
