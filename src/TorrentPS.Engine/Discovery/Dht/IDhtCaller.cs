namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>Who sent a query, and is told what becomes of it.</summary>
internal interface IDhtCaller
{
    /// <summary>It was answered; the node has the id that the answer says.</summary>
    void Answered(DhtRequest request, NodeId id, in KrpcMessage message);

    /// <summary>The answer is late; it may come yet.</summary>
    void Delayed(DhtRequest request);

    /// <summary>There was no answer, or an error; nothing will come.</summary>
    void Failed(DhtRequest request);
}
