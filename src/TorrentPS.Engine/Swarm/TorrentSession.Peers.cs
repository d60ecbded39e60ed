using System.Net;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <content>The torrent as seen by its connections, and incoming ones.</content>
internal sealed partial class TorrentSession : ISwarm, IPeerOwner, IRosterOwner<PeerSession>
{
    /// <summary>The info hashes in handshakes.</summary>
    public WireHashes WireHashes { get; }

    WireHashes IRosterOwner<PeerSession>.Dialled => WireHashes;

    /// <summary>The kinds of connections that are made and accepted.</summary>
    public EncryptionMode Encryption { get; }

    /// <summary>The transports.</summary>
    public PeerTransport Transport { get; }

    /// <summary>Whether all wanted data is complete. From any thread.</summary>
    public bool IsSeeding => _run.IsComplete;

    public double Now => _run.Now;

    public int ListenPort { get; private set; }

    public int PublicPort => _services.Incoming.PublicPort(ListenPort);

    public int DhtPort => _discovery.Dht?.Port ?? 0;

    bool IRosterOwner<PeerSession>.IsStopping => _run.IsStopping;

    bool IRosterOwner<PeerSession>.IsPaused => _run.IsPaused;

    bool IRosterOwner<PeerSession>.HasDht => DhtPort > 0;

    Torrent ISwarm.Torrent => _torrent;

    PiecePicker ISwarm.Picker => _picker;

    IPeerDownload ISwarm.Download => _download;

    IPeerUpload ISwarm.Upload => _upload;

    IPeerOwner ISwarm.Owner => this;

    IHashExchange? ISwarm.Hashes => _hashes;

    IPeerExchange? ISwarm.Exchange => _exchange.IsOn ? _exchange : null;

    IHolepunchBroker? ISwarm.Holepunch => _holepunch.IsOn ? _holepunch : null;

    private PeerSession[] Peers => _roster.Peers;

    /// <summary>Whether a handshake is our own. From any thread.</summary>
    public bool IsSelf(Handshake handshake) => handshake.PeerId.SequenceEqual(_peerId);

    /// <summary>Reserves one of the client's connections. From any thread.</summary>
    public bool TryReserveConnection(bool isIncoming) => _roster.TryReserve(isIncoming);

    /// <summary>Takes over an incoming connection, for which one of the client's connections is reserved. From any thread.</summary>
    public void Accept(PeerStream stream, Handshake handshake) => _run.Loop.Enqueue(_ => _ = _roster.AnswerAsync(stream, handshake), null);

    public void PublicPortChanged() => _run.Loop.Enqueue(_ =>
    {
        if (!_run.IsStopping)
            _discovery.RequestMore();
    }, null);

    PeerSession IRosterOwner<PeerSession>.Create(PeerStream stream, Handshake handshake, PeerCandidate? candidate, bool isV2) =>
        new(this, new PeerConnection(stream, handshake, isV2), _torrent.PieceCount);

    void IRosterOwner<PeerSession>.Begin(PeerSession peer)
    {
        _exchange.Changed();
        _showing.Join(peer);
        _ = peer.RunAsync(); // it may end at once, and is then no longer among the peers
        _run.Log($"Peer {peer.EndPoint} connected: {peer.Client}");
    }

    bool IRosterOwner<PeerSession>.MakeRoomFor(IPEndPoint comer) => _places.MakeRoomFor(comer);

    void IRosterOwner<PeerSession>.Unreached(PeerCandidate candidate, PeerHandshakeStatus status) => _holepunch.Unreached(candidate, status);

    public void Log(string message) => _run.Log(message);

    public void ExtensionsReceived(PeerSession peer, ExtensionHandshake handshake)
    {
        _exchange.Heard(peer, handshake);
        if (_run.IsComplete)
            _download.OffersChanged(peer); // a peer that only uploads may be useless to us, too
        _requests.Ask(peer);
    }

    public void DhtPortReceived(PeerSession peer, int port)
    {
        if (DhtPort > 0)
            _discovery.Dht!.Ping(new IPEndPoint(peer.EndPoint.Address, port));
    }

    public void Closed(PeerSession peer, PeerClose reason)
    {
        _roster.Remove(peer, reason, peer.IsSeed);
        _exchange.Changed();
        _showing.Leave(peer);
        _requests.ReleaseAll(peer.State);
        if (reason == PeerClose.Faulted)
            _assembly.Recover(peer.State);
        _picker.RemovePeer(peer.State);
        if (_run.IsStopping)
            return;
        _run.Log($"Peer {peer.EndPoint} closed: {reason}");
        if (reason == PeerClose.Lost)
            _served.ComplainOfLast(peer);
        _hashes?.Disown(peer);
        if (_run.IsPaused)
            return;
        _upload.Update();
        _requests.AskAll();
    }
}
