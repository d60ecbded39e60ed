using System.Globalization;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>
/// Gets the piece layers of a version 2 or hybrid torrent, which its .torrent contains besides the metadata (BEP 52). They are requested after the metadata, if no
/// download follows, which would get them with the data. Layers that do not arrive in time are left out. Belongs to the session's loop.
/// </summary>
/// <param name="torrent">The torrent, without its layers.</param>
/// <param name="roster">The peers.</param>
/// <param name="now">The session's clock, in seconds.</param>
internal sealed class LayerSearch(Torrent torrent, Roster<MetadataPeer> roster, double now)
{
    /// <summary>The time without any hash after which the search is given up, in seconds.</summary>
    private const double NoHashesSeconds = 20;

    /// <summary>The same for a hybrid torrent without version 2 peers, whose v1 half is complete without layers.</summary>
    private const double NoVersion2Seconds = 5;

    private readonly PieceLayers _layers = new(torrent);
    private long _length;
    private double _progressAt = now;

    /// <summary>The missing hashes; null if they cannot be requested.</summary>
    public LayerFetch? Fetch { get; private set; }

    /// <summary>The info hashes for outgoing connections from now on; null for those of the link.</summary>
    public WireHashes? Dialled { get; private set; }

    /// <summary>The share of the hashes that has been received, 0 to 1.</summary>
    public double Share => Fetch is not { Total: > 0 } layers ? 1
        : (torrent.InfoBytes.Length + (1 - (double)layers.Wanted.Length / layers.Total) * _length) / (torrent.InfoBytes.Length + _length);

    public bool IsDone => Fetch is { IsDone: true };

    /// <summary>The torrent with the layers.</summary>
    public Torrent Whole(MagnetLink link) => Torrent.ParseInfo(torrent.InfoBytes, link, _layers.ToBytes());

    /// <summary>Starts the requests.</summary>
    /// <param name="hashes">The info hashes of the link.</param>
    /// <returns>Why the layers cannot be requested; null if they can.</returns>
    public string? Begin(WireHashes hashes)
    {
        for (int file = 0; file < torrent.Files.Count; file++)
        {
            if (!torrent.Files[file].IsPadding && _layers.PiecesIn(file) is > 1 and var pieces)
                _length += (long)pieces * Merkle.HashLength + Merkle.HashLength;
        }

        if (torrent.ToBytes().Length + _length > MetainfoLimits.TorrentBytes)
            return $"they have {_length} bytes, more than a .torrent may have";
        Fetch = new LayerFetch(torrent, _layers, new HashProofs(torrent, _layers), _ => true);
        return hashes.V2.IsEmpty && !Fetch.IsDone && !DialAgain() ? "no peer of version 2 is connected" : null;
    }

    /// <summary>
    /// With the v1 hash alone, hashes could not be requested from any peer. Now that both are known, peers that declared version 2 support are dialled again; false if
    /// there are none.
    /// </summary>
    private bool DialAgain()
    {
        Dialled = new WireHashes(torrent.InfoHash);
        bool any = false;
        foreach (MetadataPeer peer in roster.Peers)
            any |= peer.Handshake.SupportsV2 && roster.DialAnew(peer);
        return any;
    }

    /// <summary>Some of the missing hashes were received.</summary>
    public void Progressed(double now) => _progressAt = now;

    /// <summary>Periodic work.</summary>
    /// <returns>Why the missing hashes are given up; null while they may still arrive.</returns>
    public string? Tick(double now)
    {
        bool any = Array.Exists(roster.Peers, peer => peer.IsV2);
        double limit = any || torrent.Version == TorrentVersion.V2 ? NoHashesSeconds : NoVersion2Seconds;
        if (now - _progressAt < limit)
            return null;
        return any ? string.Create(CultureInfo.InvariantCulture, $"no peer sent more of them for {limit:0} s") : "no peer of version 2 is connected";
    }
}
