using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The torrent of a connection, by its parts. All members, and those of the parts, are called on the torrent's loop.</summary>
internal interface ISwarm : ISwarmTime
{
    Torrent Torrent { get; }

    PiecePicker Picker { get; }

    /// <summary>Handles received data.</summary>
    IPeerDownload Download { get; }

    /// <summary>Decides what to send.</summary>
    IPeerUpload Upload { get; }

    /// <summary>Keeps the connections.</summary>
    IPeerOwner Owner { get; }

    /// <summary>Exchanges hashes (BEP 52); null for a v1 torrent.</summary>
    IHashExchange? Hashes { get; }

    /// <summary>Exchanges addresses of peers (BEP 11); null for a private torrent (BEP 27).</summary>
    IPeerExchange? Exchange { get; }

    /// <summary>Relays holepunching (BEP 55); null if disabled.</summary>
    IHolepunchBroker? Holepunch { get; }
}
