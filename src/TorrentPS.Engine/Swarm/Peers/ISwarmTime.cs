namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The torrent's clock.</summary>
internal interface ISwarmTime
{
    /// <summary>The time in seconds.</summary>
    double Now { get; }
}
