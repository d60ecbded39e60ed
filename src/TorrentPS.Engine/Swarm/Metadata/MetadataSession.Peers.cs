using System.Globalization;
using System.Net;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Values;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <content>Finding, connecting, accepting and losing peers.</content>
internal sealed partial class MetadataSession
{
    /// <summary>Once this many peers have the metadata, no more are searched for.</summary>
    private const int FewSources = 5;

    /// <summary>How long a peer may take to say that it has the metadata before another may have its place.</summary>
    private const double UselessSeconds = 10;

    private readonly Roster<MetadataPeer> _roster;
    private long _refusedSize;

    private MetadataPeer[] Peers => _roster.Peers;

    bool IRosterOwner<MetadataPeer>.IsStopping => _isStopping;

    bool IRosterOwner<MetadataPeer>.HasDht => _dht is { Port: > 0 };

    WireHashes IRosterOwner<MetadataPeer>.Dialled => _dialled ?? WireHashes;

    /// <summary>Takes the peers that the link names (<c>x.pe</c>); those that are names are to be looked up.</summary>
    private List<DnsEndPoint> AddPeersOfLink()
    {
        List<DnsEndPoint> names = [];
        foreach (string peer in _link.Peers)
        {
            if (!PeerAddress.TryParse(peer, out PeerAddress address))
                continue;
            if (address.ToEndPoint() is IPEndPoint endPoint)
                _roster.Book.Add(endPoint, PeerSource.Manual, Now);
            else
                names.Add(new DnsEndPoint(address.Host, address.Port));
        }

        return names;
    }

    public void PeersExchanged(MetadataPeer peer, PeerExchangeMessage message)
    {
        peer.Teller ??= _roster.Book.TellerAt(peer.EndPoint);
        _roster.Exchange(peer, message, peer.Teller);
    }

    /// <inheritdoc/>
    public void Accept(PeerStream stream, Handshake handshake) => _loop.Enqueue(_ => _ = _roster.AnswerAsync(stream, handshake), null);

    MetadataPeer IRosterOwner<MetadataPeer>.Create(PeerStream stream, Handshake handshake, PeerCandidate? candidate, bool isV2) => new(this, stream, handshake, candidate) { IsV2 = isV2 };

    void IRosterOwner<MetadataPeer>.Begin(MetadataPeer peer)
    {
        Log($"Peer {peer.EndPoint} connected: {PeerId.ClientName(peer.Handshake.PeerId) ?? "unknown client"}");
        peer.Start();
    }

    void IRosterOwner<MetadataPeer>.Log(string message) => Log(message);

    public void Closed(MetadataPeer peer, PeerClose reason)
    {
        _roster.Remove(peer, reason, isSeed: false);
        if (!_isStopping)
            Log($"Peer {peer.EndPoint} closed: {reason}");
    }

    public void Faulted(MetadataPeer peer, Exception fault) => Log($"Peer {peer.EndPoint} is closed by a fault of this program: {fault}");

    public void Violated(MetadataPeer peer, string what) => Log($"Peer {peer.EndPoint} broke the protocol: {what}");

    public void SizeRefused(MetadataPeer peer, long size)
    {
        _refusedSize = size;
        Log($"Peer {peer.EndPoint} says that the metadata has {size} bytes, which cannot be");
    }

    /// <summary>When all places are taken, one who does not have the metadata makes way for an address that has not been tried.</summary>
    private void MakeRoom()
    {
        if (Peers.Length >= _options.MaxPeers && _roster.HasDue())
            CloseUseless();
    }

    /// <inheritdoc/>
    public bool MakeRoomFor(IPEndPoint comer) => CloseUseless();

    /// <summary>One that does not say that it has the metadata gives up its place, or else one that says so and does not send it.</summary>
    private bool CloseUseless()
    {
        double now = Now;
        MetadataPeer? useless = Array.Find(Peers, peer => peer.Source is null && now - peer.ConnectedAt > UselessSeconds)
            ?? (Layers is null ? Array.Find(Peers, peer => peer.Source?.PausedUntil > now) : null);
        useless?.Close(PeerClose.Replaced);
        return useless is not null;
    }
}
