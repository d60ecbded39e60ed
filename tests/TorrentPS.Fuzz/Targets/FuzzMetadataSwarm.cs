using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Fuzz.Targets;

/// <summary>A magnet link resolved with one peer. As soon as the metadata is complete, the piece hashes are requested.</summary>
internal sealed class FuzzMetadataSwarm(Torrent torrent) : IMetadataSwarm, IPeerExchange
{
    public double Now { get; set; }

    public int ListenPort => 6881;

    public int PublicPort => 6881;

    public MetadataFetch Fetch { get; } = new(torrent.InfoHash, MetainfoLimits.TorrentBytes);

    public LayerFetch? Layers { get; private set; }

    public IPeerExchange Exchange => this;

    /// <summary>A bit for each kind of event.</summary>
    public int What { get; private set; }

    public string? Violation { get; private set; }

    /// <summary>An exception that must not occur.</summary>
    public Exception? Fault { get; private set; }

    public int TimesClosed { get; private set; }

    public void PeersExchanged(PeerHandler peer, PeerExchangeMessage message) => What |= 1;

    public void SizeRefused(MetadataPeer peer, long size) => What |= 2;

    public void Received(MetadataPeer peer)
    {
        if (peer.Source is { IsLiar: true })
        {
            What |= 4;
            peer.Close(PeerClose.Banned);
            return;
        }

        if (Layers is null && Fetch.Result is not null)
        {
            What |= 8;
            var layers = new PieceLayers(torrent);
            Layers = new LayerFetch(torrent, layers, new HashProofs(torrent, layers), _ => true);
        }

        peer.Ask();
        What |= Layers is { IsDone: true } ? 16 : 0;
    }

    public void HashesWrong(MetadataPeer peer)
    {
        What |= 32;
        peer.Close(PeerClose.Banned);
    }

    public void Log(string message)
    {
    }

    public void Violated(PeerHandler peer, string what) => Violation = what;

    public void Faulted(PeerHandler peer, Exception fault) => Fault ??= fault;

    public void Closed(MetadataPeer peer, PeerClose reason)
    {
        What |= 64 << (int)reason;
        TimesClosed++;
    }
}
