namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The torrent's clock.</summary>
internal interface ISwarmTime
{
    /// <summary>Its seconds.</summary>
    double Now { get; }
}
