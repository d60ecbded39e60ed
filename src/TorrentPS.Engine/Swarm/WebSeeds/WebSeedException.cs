namespace TorrentPS.Engine.Swarm.WebSeeds;

/// <summary>Why a web seed sent no data; the message is the reason as part of a sentence.</summary>
internal sealed class WebSeedException(string reason, WebSeedFault fault, double? seconds = null) : Exception(reason)
{
    public WebSeedFault Fault => fault;

    /// <summary>The time that the server asks to wait.</summary>
    public double? Seconds => seconds;
}
