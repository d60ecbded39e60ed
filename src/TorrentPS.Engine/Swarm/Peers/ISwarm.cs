using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The torrent that a connection belongs to, part by part. Everything in it and in its parts is called on the torrent's loop.</summary>
internal interface ISwarm : ISwarmTime
{
    Torrent Torrent { get; }

    PiecePicker Picker { get; }

    /// <summary>Takes what comes.</summary>
    IPeerDownload Download { get; }

    /// <summary>Decides what is sent.</summary>
    IPeerUpload Upload { get; }

    /// <summary>Keeps the connections.</summary>
    IPeerOwner Owner { get; }

    /// <summary>Exchanges hashes (BEP 52); null for a v1 torrent.</summary>
    IHashExchange? Hashes { get; }

    /// <summary>Exchanges the addresses of peers (BEP 11); null for a private torrent (BEP 27).</summary>
    IPeerExchange? Exchange { get; }

    /// <summary>Brings peers together (BEP 55); null where that is not done.</summary>
    IHolepunchBroker? Holepunch { get; }
}
