using System.Globalization;
using System.Net;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Transport.Utp;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <content>Finding, connecting, accepting and losing peers.</content>
internal sealed partial class MetadataSession
{
    /// <summary>With so many who have the metadata, nobody else is looked for.</summary>
    private const int FewSources = 5;

    /// <summary>How long a peer may take to say that it has the metadata before another may have its place.</summary>
    private const double UselessSeconds = 10;

    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan s_handshakeLimit = TimeSpan.FromSeconds(20);

    private readonly PeerBook _book;
    private readonly HashSet<string> _bannedIds = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _connectsEnded = new();
    private MetadataPeer[] _peers = []; // replaced, never changed, so that it can be walked through while peers come and go
    private int _connecting;
    private int _incomingSeen;
    private long _refusedSize;
    private bool _everConnected;

    /// <summary>Takes the peers that the link names (<c>x.pe</c>); those that are names are to be looked up.</summary>
    private List<DnsEndPoint> AddPeersOfLink()
    {
        List<DnsEndPoint> names = [];
        foreach (string peer in _link.Peers)
        {
            int colon = peer.LastIndexOf(':');
            int port = int.Parse(peer.AsSpan(colon + 1), CultureInfo.InvariantCulture);
            string host = peer[..colon].Trim('[', ']');
            if (IPAddress.TryParse(host, out IPAddress? address))
                _book.Add(new IPEndPoint(address, port), PeerSource.Manual, Now);
            else
                names.Add(new DnsEndPoint(host, port));
        }

        return names;
    }

    private void AddFound(IReadOnlyList<DiscoveredPeer> peers)
    {
        if (_isStopping)
            return;
        foreach (DiscoveredPeer peer in peers)
        {
            if (!IsOurs(peer.EndPoint))
                _book.Add(peer.EndPoint, peer.Source, Now);
        }

        ConnectMore();
    }

    /// <summary>Whether an address is where we ourselves listen, and nobody else of the same torrent: discoveries name us too.</summary>
    private bool IsOurs(IPEndPoint endPoint) =>
        endPoint.Port == ListenPort && LocalAddresses.Contains(endPoint.Address) && !_services.Incoming.HasOthers(this);

    public void PeersExchanged(MetadataPeer peer, PeerExchangeMessage message)
    {
        peer.Teller ??= _book.TellerAt(peer.EndPoint);
        int taken = _book.Exchange(peer.EndPoint, message, peer.Teller, IsOurs, Now);
        if (taken == 0)
            return;
        Log($"Peer {peer.EndPoint} named {message.Added.Count} others, of which {taken} are new");
        ConnectMore();
    }

    /// <summary>Connects to the next addresses, as many as there is room for and as the pace allows.</summary>
    private void ConnectMore()
    {
        PeerConnector connector = _services.Connector;
        while (!_isStopping && _peers.Length + _connecting < _options.MaxPeers && TryReserveConnection(isIncoming: false))
        {
            if (!_services.Pace.TryTake())
            {
                connector.Release();
                return;
            }

            if (_book.Take(Now) is not { } candidate)
            {
                _services.Pace.GiveBack();
                connector.Release();
                return;
            }

            _connecting++;
            _ = ConnectAsync(candidate);
        }
    }

    private async Task ConnectAsync(PeerCandidate candidate)
    {
        UtpHost? utp = _services.Incoming.UtpOf(this);
        PeerTransport transport = utp is not null && candidate.TriesUtp ? PeerTransport.Utp : Transport;
        HandshakeOutcome outcome;
        WireHashes hashes = _dialled ?? WireHashes;
        using (var limit = new CancellationTokenSource(s_handshakeLimit, _time))
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token))
        {
            outcome = await PeerDialer.DialAsync(
                token => _services.Connector.ConnectAsync(candidate.EndPoint, transport, utp, s_connectLimit, _time, token),
                hashes.For(candidate), _peerId, Encryption, _dht is { Port: > 0 }, either.Token, candidate.Flags.HasFlag(PeerExchangeFlags.PrefersEncryption), hashes.V2);
        }

        if (--_connecting == 0 && _stopping.IsCancellationRequested)
            _connectsEnded.TrySetResult();
        if (outcome is { Stream: { } stream, Handshake: { } handshake } && !_isStopping)
        {
            if (!Join(stream, handshake, candidate))
                _book.PutOff(candidate, Now);
            return;
        }

        outcome.Stream?.Dispose();
        _services.Connector.Release();
        if (_isStopping)
            _book.Return(candidate, Now);
        else if (outcome.Status == PeerHandshakeStatus.SelfConnection)
            PeerBook.Drop(candidate);
        else
            Failed(candidate, outcome.Status);
        if (!_isStopping)
            Log($"Peer {candidate.EndPoint}: {outcome.Status}{(outcome.Error is null ? "" : $" ({outcome.Error})")}");
    }

    private void Failed(PeerCandidate candidate, PeerHandshakeStatus status)
    {
        candidate.TriesUtp = status == PeerHandshakeStatus.Closed && !candidate.TriesUtp;
        // Who answers by another hash, or closes it over both transports, may know the torrent only by its other.
        if ((_dialled ?? WireHashes).IsHybrid && (status == PeerHandshakeStatus.WrongInfoHash || (status == PeerHandshakeStatus.Closed && !candidate.TriesUtp)))
            candidate.PrefersV2 = !candidate.PrefersV2;
        _book.Failed(candidate, Now);
    }

    /// <inheritdoc/>
    public void Accept(PeerStream stream, Handshake handshake) => _loop.Enqueue(_ => _ = AnswerAsync(stream, handshake), null);

    private async Task AnswerAsync(PeerStream stream, Handshake handshake)
    {
        if (!_isStopping && _peers.Length < _options.MaxPeers && !_book.IsBanned(stream.RemoteEndPoint) && !handshake.PeerId.SequenceEqual(_peerId))
        {
            try
            {
                byte[] own = new byte[Handshake.Length];
                Handshake.Write(own, WireHashes.AnswerTo(handshake).Span, _peerId, _dht is { Port: > 0 }, supportsV2: !WireHashes.V2.IsEmpty);
                await stream.SendAsync(own, _stopping.Token);
                _incomingSeen++;
                Join(stream, handshake, null);
                return;
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // gone before it began
            }
        }

        stream.Dispose();
        _services.Connector.Release();
    }

    /// <summary>Begins with a peer; false when there is a connection with it already, which then stays, or the peer is banned.</summary>
    private bool Join(PeerStream stream, Handshake handshake, PeerCandidate? candidate)
    {
        bool isWelcome = !_isStopping && !_bannedIds.Contains(Convert.ToHexString(handshake.PeerId));
        if (isWelcome && Array.Find(_peers, peer => peer.Handshake.PeerId.SequenceEqual(handshake.PeerId)) is { } twin)
        {
            isWelcome = TwinConnections.KeepsNew(_peerId, handshake.PeerId, stream.IsOutgoing, twin.IsOutgoing, Now - twin.ConnectedAt);
            if (isWelcome)
                twin.Close();
        }

        if (!isWelcome)
        {
            stream.Dispose();
            _services.Connector.Release();
            return false;
        }

        WireHashes hashes = stream.IsOutgoing ? _dialled ?? WireHashes : WireHashes;
        var peer = new MetadataPeer(this, stream, handshake, candidate) { IsV2 = hashes.IsV2(handshake, stream.IsOutgoing) };
        _peers = [.. _peers, peer];
        _everConnected = true;
        Log($"Peer {peer.EndPoint} connected: {PeerId.ClientName(handshake.PeerId) ?? "unknown client"}");
        peer.Start();
        return true;
    }

    public void Closed(MetadataPeer peer)
    {
        _peers = Array.FindAll(_peers, other => other != peer);
        _services.Connector.Release();
        if (peer.Candidate is { } candidate)
            _book.Lost(candidate, Now - peer.ConnectedAt, Now);
        if (!_isStopping)
            Log($"Peer {peer.EndPoint} closed");
    }

    public void Violated(MetadataPeer peer, string what) => Log($"Peer {peer.EndPoint} broke the protocol: {what}");

    public void SizeRefused(MetadataPeer peer, long size)
    {
        _refusedSize = size;
        Log($"Peer {peer.EndPoint} says that the metadata has {size} bytes, which cannot be");
    }

    /// <summary>A peer gave bytes that are not of this torrent.</summary>
    private void Ban(MetadataPeer peer, string what = "wrong metadata")
    {
        Log($"Peer {peer.EndPoint} is banned: it sent {what}");
        _book.Ban(peer.EndPoint);
        _bannedIds.Add(Convert.ToHexString(peer.Handshake.PeerId));
        peer.Close();
    }

    /// <summary>When all places are taken, one who does not have the metadata makes way for an address that has not been tried.</summary>
    private void MakeRoom(double now)
    {
        if (_peers.Length < _options.MaxPeers || !_book.HasDue(now))
            return;
        Array.Find(_peers, peer => peer.Source is null && now - peer.ConnectedAt > UselessSeconds)?.Close();
    }
}
