using System.Globalization;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>
/// Gets the piece layers of a version 2 or hybrid torrent, which its .torrent has beside the metadata (BEP 52). They are asked for when the metadata is there and
/// nothing goes on with a download, which gets them with the data. What cannot be had in a while is done without. Belongs to the session's loop.
/// </summary>
/// <param name="torrent">The torrent, without them.</param>
/// <param name="roster">The peers.</param>
/// <param name="now">Seconds of the session's clock.</param>
internal sealed class LayerSearch(Torrent torrent, Roster<MetadataPeer> roster, double now)
{
    /// <summary>After so long without any hash there are none.</summary>
    private const double NoHashesSeconds = 20;

    /// <summary>And of a hybrid torrent, whose other half is whole without, when no peer of version 2 is there that could be asked.</summary>
    private const double NoVersion2Seconds = 5;

    private readonly PieceLayers _layers = new(torrent);
    private long _length;
    private double _progressAt = now;

    /// <summary>What is asked for; null when that cannot be.</summary>
    public LayerFetch? Fetch { get; private set; }

    /// <summary>What peers are called by from now on; null for what the link says.</summary>
    public WireHashes? Dialled { get; private set; }

    /// <summary>How much of all that is to be got is there, 0 to 1.</summary>
    public double Share => Fetch is not { Total: > 0 } layers ? 1
        : (torrent.InfoBytes.Length + (1 - (double)layers.Wanted.Length / layers.Total) * _length) / (torrent.InfoBytes.Length + _length);

    public bool IsDone => Fetch is { IsDone: true };

    /// <summary>The torrent with the layers.</summary>
    public Torrent Whole(MagnetLink link) => Torrent.ParseInfo(torrent.InfoBytes, link, _layers.ToBytes());

    /// <summary>Begins to ask.</summary>
    /// <param name="hashes">What the link says of the torrent's hashes.</param>
    /// <returns>Why they cannot be had; null when they can.</returns>
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
    /// By the v1 hash alone no peer could be asked for hashes. Now that both are known, peers that said that they speak version 2 are dialled again; false when there
    /// are none.
    /// </summary>
    private bool DialAgain()
    {
        Dialled = new WireHashes(torrent.InfoHash);
        bool any = false;
        foreach (MetadataPeer peer in roster.Peers)
            any |= peer.Handshake.SupportsV2 && roster.DialAnew(peer);
        return any;
    }

    /// <summary>Some of what is missing has come.</summary>
    public void Progressed(double now) => _progressAt = now;

    /// <summary>Looks at the clock.</summary>
    /// <returns>Why what is missing is not to be had; null while it may be.</returns>
    public string? Tick(double now)
    {
        bool any = Array.Exists(roster.Peers, peer => peer.IsV2);
        double limit = any || torrent.Version == TorrentVersion.V2 ? NoHashesSeconds : NoVersion2Seconds;
        if (now - _progressAt < limit)
            return null;
        return any ? string.Create(CultureInfo.InvariantCulture, $"no peer sent more of them for {limit:0} s") : "no peer of version 2 is connected";
    }
}
