namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>Sends queries, and is notified of their results.</summary>
internal interface IDhtCaller
{
    /// <summary>The query was answered; the node has the id in the answer.</summary>
    void Answered(DhtRequest request, NodeId id, in KrpcMessage message);

    /// <summary>The answer is late; it may still arrive.</summary>
    void Delayed(DhtRequest request);

    /// <summary>The query failed or was answered with an error; nothing more will arrive.</summary>
    void Failed(DhtRequest request);
}
