using System.Buffers.Binary;
using System.Net;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>
/// A connection that exchanges data: the peer's pieces, interests and choke state. Its messages update the <see cref="PeerState"/> and are passed to the <see
/// cref="ISwarm"/>, which decides. Separate types handle blocks in both directions, hashes and extensions.
/// </summary>
internal sealed class PeerSession : PeerHandler
{
    private const int HaveLength = 9;
    private const int HavesPerSend = 4096;
    private const int MaxAllowedFast = 64;

    private readonly ISwarm _swarm;
    private readonly IPeerDownload _download;
    private readonly IPeerUpload _upload;
    private readonly IPeerOwner _owner;
    private readonly PeerOutput _output;
    private readonly BlockInbox _inbox;
    private readonly BlockOutbox _outbox;
    private readonly UploadAllowance _allowance;
    private readonly HashServing? _hashServing; // null for a v1 torrent
    private readonly MetadataLink _metadata;
    private readonly DontHaveNotice _dontHave;
    private readonly IPeerExtension[] _extensions;
    private Bitfield? _untold; // pieces still to be announced to the peer
    private int _untoldFrom;
    private bool _toldDhtPort;
    private bool _isUploadOnly;

    public PeerSession(ISwarm swarm, PeerConnection connection, int pieceCount)
        : base(connection, swarm.Owner)
    {
        (_swarm, _download, _upload, _owner) = (swarm, swarm.Download, swarm.Upload, swarm.Owner);
        _output = connection.Output;
        State = new ConnectedPeerState(this, connection.EndPoint, pieceCount);
        DownloadLimiter = _download.DownloadLimiterOf(connection.EndPoint.Address);
        _inbox = new BlockInbox(this, _download);
        _allowance = new UploadAllowance(this, _upload.UploadLimiterOf(connection.EndPoint.Address));
        _outbox = new BlockOutbox(this, swarm, _allowance);
        _hashServing = swarm.Hashes is { } hashes ? new HashServing(this, swarm, hashes.Supply) : null;
        _metadata = new MetadataLink(this, MetadataLink.ServedOf(swarm.Torrent));
        _dontHave = new DontHaveNotice(this);
        List<IPeerExtension> extensions = [_metadata, _dontHave, new UploadOnlyNotice(this)];
        if (swarm.Exchange is { } exchange)
            extensions.Add(Exchange = new PeerExchangeLink(this, exchange));
        if (swarm.Holepunch is { } broker)
            extensions.Add(Holepunch = new HolepunchLink(this, broker));
        _extensions = [.. extensions];
    }

    public ConnectedPeerState State { get; }

    /// <summary>Whether both sides support the fast extension; we always do.</summary>
    public bool IsFast => Handshake.SupportsFast;

    /// <summary>Peer exchange (BEP 11); null if the torrent does not allow it.</summary>
    public PeerExchangeLink? Exchange { get; }

    /// <summary>Holepunching (BEP 55); null if disabled.</summary>
    public HolepunchLink? Holepunch { get; }

    /// <inheritdoc cref="PeerExtensions.ListenEndPoint"/>
    public IPEndPoint? ListenEndPoint => Connection.Extensions.ListenEndPoint;

    /// <summary>Whether it is complete, or declares that it only uploads (BEP 21).</summary>
    public bool IsSeed => _isUploadOnly || State.Pieces.IsFull;

    /// <summary>Its flags in peer exchange (BEP 11).</summary>
    public PeerExchangeFlags ExchangeFlags =>
        (Connection.IsEncrypted ? PeerExchangeFlags.PrefersEncryption : PeerExchangeFlags.None)
        | (IsSeed ? PeerExchangeFlags.Seed : PeerExchangeFlags.None)
        | (Connection.IsUtp ? PeerExchangeFlags.SupportsUtp : PeerExchangeFlags.None)
        | (Connection.Extensions.KnowsHolepunch ? PeerExchangeFlags.SupportsHolepunch : PeerExchangeFlags.None)
        | (IsOutgoing ? PeerExchangeFlags.Reachable : PeerExchangeFlags.None);

    /// <summary>The pieces last sent to it, beginning with those most likely complete.</summary>
    public IEnumerable<int> LastServed => _outbox.Served?.Pieces() ?? [];

    /// <summary>The number of its queued requests.</summary>
    public int RequestsWaiting => _outbox.Count;

    public override IReadOnlyList<IPeerExtension> Extensions => _extensions;

    public override int PieceCount => State.Pieces.Length;

    public override int ReceiveBufferLength => _download.ReceiveBufferLength;

    public override bool ExpectsData => State.Outstanding.Count > 0;

    public override RateLimiter? DownloadLimiter { get; }

    public override bool HasMore => _untold is not null || IsWaiting;

    /// <summary>Whether the peer waits for blocks or answers.</summary>
    public bool IsWaiting => _outbox.Count > 0 || NextAnswer > 0;

    /// <summary>The length of the next answer, which is created when the connection is ready; 0 if there is none.</summary>
    public int NextAnswer => _hashServing?.NextLength is > 0 and int hashes ? hashes : Connection.Extensions.NextToSend()?.NextLength ?? 0;

    /// <summary>A random piece of those sent to it; false if nothing was sent since the last call.</summary>
    public bool TryTakeSample(out int piece)
    {
        piece = -1;
        return _outbox.Served?.TryTakeSample(out piece) == true;
    }

    public override void Open()
    {
        if (Handshake.SupportsExtensions)
            QueueExtensionHandshake();
        QueueBitfield();
        _output.LimitUnsent(_upload.Unsent);
        // Sent only to peers that declare support; after the bitfield, which must come first (BEP 3).
        if (Handshake.SupportsDht && _owner.DhtPort is > 0 and int dhtPort)
            PeerMessage.WritePort(_output.Append(7), dhtPort);
    }

    private void QueueExtensionHandshake() => Connection.Extensions.QueueHandshake(new ExtensionHandshake
    {
        MetadataSize = _metadata.Size,
        IsUploadOnly = _swarm.Picker.Missing == 0 && _upload.SuperSeeding is null ? true : null,
    });

    private void QueueBitfield()
    {
        Bitfield have = _upload.SuperSeeding is null ? _swarm.Picker.Have : new Bitfield(State.Pieces.Length);
        if (IsFast && (have.IsEmpty || have.IsFull))
        {
            _output.QueueState(have.IsEmpty ? MessageId.HaveNone : MessageId.HaveAll);
        }
        else if (!have.IsEmpty)
        {
            PeerMessage.WriteHeader(_output.Append(5), MessageId.Bitfield, have.Bytes.Length);
            have.Bytes.CopyTo(_output.Append(have.Bytes.Length));
        }
    }

    public void SendChoke(bool choke)
    {
        if (State.IsChokedByUs == choke)
            return;
        State.IsChokedByUs = choke;
        _output.QueueState(choke ? MessageId.Choke : MessageId.Unchoke);
        if (choke)
            _outbox.RefuseAll(keepsAllowed: true);
        Flush();
    }

    /// <summary>Announces our interest, if it has changed.</summary>
    public void SendInterest(bool interested)
    {
        if (State.IsInterestingToUs == interested)
            return;
        State.IsInterestingToUs = interested;
        _output.QueueState(interested ? MessageId.Interested : MessageId.NotInterested);
        Flush();
    }

    /// <summary>Queues a have message; it is sent with the next output, or by <see cref="PeerHandler.Flush"/>.</summary>
    public void QueueHave(int piece)
    {
        _dontHave.Forget(piece);
        PeerMessage.WriteHave(_output.Append(HaveLength), piece);
    }

    /// <summary>Queues the advice to ask for a piece next (BEP 6); it goes with whatever is sent next, or by <see cref="PeerHandler.Flush"/>.</summary>
    public void QueueSuggestion(int piece) => PeerMessage.WritePiece(_output.Append(HaveLength), MessageId.Suggest, piece);

    /// <summary>Announces many pieces, in parts as the peer reads them.</summary>
    public void TellPieces(Bitfield pieces)
    {
        (_untold, _untoldFrom) = (pieces, 0);
        Flush();
    }

    private void QueueUntold()
    {
        int left = HavesPerSend;
        for (; _untoldFrom < _untold!.Length && left > 0; _untoldFrom++)
        {
            if (!_untold[_untoldFrom] || !_swarm.Picker.Have[_untoldFrom])
                continue;
            QueueHave(_untoldFrom);
            left--;
        }

        if (left > 0)
            _untold = null;
    }

    /// <summary>Pieces are no longer here: their requests are rejected, and they are withdrawn.</summary>
    /// <returns>False if the peer cannot be told.</returns>
    public bool Withdraw(Bitfield pieces)
    {
        _outbox.RefuseOf(pieces);
        bool isTold = _dontHave.TryTell(pieces);
        Flush();
        return isTold && IsFast;
    }

    /// <summary>Declares again what we are: complete as far as wanted, and upload-only from now on (BEP 21).</summary>
    public void TellUploadOnly()
    {
        if (Handshake.SupportsExtensions)
            QueueExtensionHandshake();
        Flush();
    }

    /// <summary>Queues a request; <see cref="PeerHandler.Flush"/> sends all queued ones together.</summary>
    public void QueueRequest(Outstanding item) => _inbox.Request(item);

    /// <inheritdoc cref="BlockInbox.Cancel"/>
    public void SendCancel(OpenPiece piece, int block) => _inbox.Cancel(piece, block);

    /// <inheritdoc cref="BlockInbox.Tick"/>
    public void TickRequests(double now) => _inbox.Tick(now);

    /// <inheritdoc cref="BlockInbox.ForgetReleased"/>
    public void ForgetReleased() => _inbox.ForgetReleased();

    /// <summary>Requests hashes.</summary>
    public void RequestHashes(int file, HashRange range) => Hashes.Request(file, range, _swarm.Torrent.PieceRoots![file].Span);

    public override ValueTask<bool> SendMoreAsync()
    {
        if (_untold is not null)
        {
            QueueUntold();
            return new(true);
        }

        if (NextAnswer is > 0 and int answer)
        {
            if (!_allowance.MaySend(answer))
                return new(false);
            QueueAnswer();
            return new(true);
        }

        return _outbox.Count > 0 && _allowance.MaySend() ? _outbox.SendAsync() : new(false);
    }

    /// <summary>Queues an answer created on demand. It passes the upload limit like blocks, and is counted when it is sent.</summary>
    private void QueueAnswer()
    {
        if (_hashServing?.NextLength > 0)
            _hashServing.SendNext();
        else
            Connection.Extensions.NextToSend()!.SendNext();
        _allowance.Spend(_output.BytesWaiting);
    }

    public override void Sent()
    {
        if (!IsWaiting)
            _allowance.GiveBack();
    }

    public override void Handle(MessageId id, ReadOnlySpan<byte> payload)
    {
        switch (id)
        {
            case MessageId.Piece:
                _inbox.Receive(payload);
                break;
            case MessageId.Have when payload.Length == 4:
                HandleHave(BinaryPrimitives.ReadUInt32BigEndian(payload));
                break;
            case MessageId.Request when PeerMessage.TryReadBlock(payload, out BlockRequest block):
                _outbox.Receive(block);
                break;
            case MessageId.Cancel when PeerMessage.TryReadBlock(payload, out BlockRequest block):
                _outbox.Cancel(block);
                break;
            case MessageId.Reject when IsFast && PeerMessage.TryReadBlock(payload, out BlockRequest block):
                _inbox.Reject(block);
                break;
            case MessageId.Choke or MessageId.Unchoke when payload.IsEmpty:
                HandleChoke(id == MessageId.Choke);
                break;
            case MessageId.Interested or MessageId.NotInterested when payload.IsEmpty:
                HandleInterest(id == MessageId.Interested);
                break;
            case MessageId.Bitfield:
                HandleBitfield(payload);
                break;
            case MessageId.HaveAll or MessageId.HaveNone when IsFast && payload.IsEmpty:
                HandleHaveAll(id == MessageId.HaveAll);
                break;
            case MessageId.AllowedFast when IsFast && payload.Length == 4:
                HandleAllowedFast(BinaryPrimitives.ReadUInt32BigEndian(payload));
                break;
            case MessageId.Suggest when IsFast && payload.Length == 4:
                HandleSuggest(BinaryPrimitives.ReadUInt32BigEndian(payload));
                break;
            case MessageId.HashRequest or MessageId.Hashes or MessageId.HashReject when IsV2 && _hashServing is not null:
                Hashes.Receive(id, payload, _swarm.Hashes!.Supply.Proofs, _hashServing);
                break;
            case MessageId.Port when payload.Length == 2:
                HandlePort(BinaryPrimitives.ReadUInt16BigEndian(payload));
                break;
            case MessageId.Have or MessageId.Request or MessageId.Cancel or MessageId.Choke or MessageId.Unchoke or MessageId.Interested or MessageId.NotInterested:
                Connection.Violate("a message {0} of a wrong length", id);
                break;
            case MessageId.HaveAll or MessageId.HaveNone or MessageId.Suggest or MessageId.AllowedFast or MessageId.Reject when IsFast:
                Connection.Violate("a message {0} of a wrong length", id);
                break;
            default:
                break; // extension messages that were not agreed on, and unknown messages, are ignored (BEP 4)
        }
    }

    private void HandleHave(uint piece)
    {
        if (piece >= State.Pieces.Length)
        {
            Connection.Violate("a 'have' of piece {0}, which does not exist", piece);
        }
        else if (_swarm.Picker.PeerHas(State, (int)piece))
        {
            Connection.EarnBack();
            _download.PiecesChanged(this, (int)piece);
        }
    }

    private void HandleBitfield(ReadOnlySpan<byte> payload)
    {
        if (Bitfield.TryCreate(payload, State.Pieces.Length, out Bitfield pieces))
            SetPieces(pieces);
        else
            Connection.Violate("a bitfield of {0} bytes that does not fit the torrent", payload.Length);
    }

    private void HandleHaveAll(bool hasAll)
    {
        var pieces = new Bitfield(State.Pieces.Length);
        if (hasAll)
            pieces.AddAll();
        SetPieces(pieces);
    }

    private void SetPieces(Bitfield pieces)
    {
        if (!Connection.Spend(MessageBudget.ForAll(pieces.Length)))
            return;
        _swarm.Picker.RemovePeer(State);
        State.Pieces = pieces;
        State.IsOrigin = pieces.IsFull;
        _swarm.Picker.AddPeer(State);
        _outbox.OfferAllowed();
        _download.PiecesChanged(this);
    }

    private void HandleChoke(bool isChoking)
    {
        if (State.IsChokingUs == isChoking || !Connection.Spend(MessageBudget.Choke))
            return;
        State.IsChokingUs = isChoking;
        _inbox.Choked(isChoking);
        _download.ChokeChanged(this);
    }

    private void HandleInterest(bool isInterested)
    {
        if (State.IsInterestedInUs == isInterested || !Connection.Spend(MessageBudget.Interest))
            return;
        State.IsInterestedInUs = isInterested;
        if (!isInterested)
            _outbox.RefuseAll(keepsAllowed: false);
        _upload.InterestChanged(this);
    }

    private void HandleAllowedFast(uint piece)
    {
        if (piece >= State.Pieces.Length)
        {
            Connection.Violate("an allowed piece {0}, which does not exist", piece);
        }
        else if (State.AllowedFast.Count < MaxAllowedFast && !State.AllowedFast.Contains((int)piece))
        {
            State.AllowedFast.Add((int)piece);
            _download.OffersChanged(this);
        }
    }

    private void HandleSuggest(uint piece)
    {
        if (piece >= State.Pieces.Length)
        {
            Connection.Violate("a suggested piece {0}, which does not exist", piece);
            return;
        }

        State.Suggested.Add((int)piece, Connection.Now);
    }

    private void HandlePort(int port)
    {
        if (port == 0 || _toldDhtPort)
            return;
        _toldDhtPort = true; // once, so that a peer cannot make us ping one port after another
        _owner.DhtPortReceived(this, port);
    }

    /// <summary>The peer has declared whether it only uploads (BEP 21).</summary>
    public void SetUploadOnly(bool isUploadOnly)
    {
        if (_isUploadOnly == isUploadOnly || !Connection.Spend(MessageBudget.Interest))
            return;
        _isUploadOnly = isUploadOnly;
        _download.OffersChanged(this);
    }

    /// <summary>The peer no longer has a piece (BEP 54).</summary>
    public void LosePiece(int piece)
    {
        if (!State.Pieces[piece] || Connection.Spend(MessageBudget.LostPiece))
            _download.PieceLost(this, piece);
    }

    public override void ExtensionsReceived(ExtensionHandshake handshake, ReadOnlySpan<byte> payload)
    {
        if (handshake.RequestQueue is { } queue)
            State.Window.SetPeerLimit(queue);
        _isUploadOnly = handshake.IsUploadOnly ?? _isUploadOnly;
        _owner.ExtensionsReceived(this, handshake);
    }

    public override void HashesReceived(int file, HashRange range, ReadOnlySpan<byte> hashes) => _swarm.Hashes!.HashesReceived(this, file, range, hashes);

    public override void HashesRejected(int file, HashRange range) => _swarm.Hashes!.HashesRejected(this, file, range);

    public override void Received() => _download.Received(this);

    public override void Closed(PeerClose reason)
    {
        _outbox.Clear();
        _owner.Closed(this, reason);
    }
}
