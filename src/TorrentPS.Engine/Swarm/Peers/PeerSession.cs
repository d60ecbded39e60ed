using System.Buffers;
using System.Net;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>
/// One connection of a torrent after its handshake: reads the peer's messages, writes ours. It runs on the torrent's loop alone. What it reads
/// changes the <see cref="PeerState"/> and is told to the <see cref="ISwarm"/>, which decides.
/// </summary>
internal sealed partial class PeerSession : IRosterPeer
{
    /// <summary>Requests of the peer that we queue (BEP 10, "reqq"); more are dropped.</summary>
    public const int OwnRequestQueue = 500;

    private const double KeepAliveSeconds = 100;
    private const double SilenceSeconds = 150; // BEP 3 expects something every two minutes

    private readonly ISwarm _swarm;
    private readonly IPeerDownload _download;
    private readonly IPeerUpload _upload;
    private readonly IPeerOwner _owner;
    private readonly PeerStream _stream;
    private bool _isClosed;
    private double _lastReceivedAt;
    private double _lastSentAt;

    public PeerSession(ISwarm swarm, PeerStream stream, Handshake handshake, int pieceCount)
    {
        (_swarm, _download, _upload, _owner) = (swarm, swarm.Download, swarm.Upload, swarm.Owner);
        _stream = stream;
        Handshake = handshake;
        IsFast = handshake.SupportsFast; // we always do
        State = new ConnectedPeerState(this, stream.RemoteEndPoint, pieceCount);
        _extensions = CreateExtensions();
        _hashServing = swarm.Hashes is { } hashes ? new HashServing(this, swarm, hashes.Supply) : null;
        ConnectedAt = _lastReceivedAt = _lastSentAt = swarm.Now;
    }

    public PeerState State { get; }

    public Handshake Handshake { get; }

    /// <summary>Whether the connection is one of version 2 (BEP 52), which has messages for hashes.</summary>
    public bool IsV2 { get; init; }

    public IPEndPoint EndPoint => _stream.RemoteEndPoint;

    public bool IsOutgoing => _stream.IsOutgoing;

    /// <summary>When it was connected, in seconds of the torrent's clock.</summary>
    public double ConnectedAt { get; }

    public bool IsClosed => _isClosed;

    /// <summary>Whether the peer has sent something that the download limit does not let us read yet: then its silence is ours.</summary>
    public bool IsHeldBack { get; private set; }

    /// <summary>Sends the first messages and then reads until the connection ends.</summary>
    public async Task RunAsync()
    {
        try
        {
            Client = PeerId.ClientName(Handshake.PeerId) ?? "unknown client";
            SendOpening();
            await ReceiveAsync();
        }
        catch (IOException)
        {
            // the reason is nobody's business but the peer's
        }
        catch (OperationCanceledException)
        {
            // the download ends
        }
        catch (Exception e)
        {
            Fault(e);
        }

        Close(PeerClose.Lost);
    }

    /// <inheritdoc/>
    public void Fault(Exception fault)
    {
        if (_isClosed)
            return;
        _owner.Faulted(this, fault);
        Close(PeerClose.Faulted);
    }

    private void SendOpening()
    {
        if (Handshake.SupportsExtensions)
            AppendExtensionHandshake();

        SendOpeningBitfield();
        // Told only to those that say that they know the message; after the bitfield, which must come first (BEP 3).
        if (Handshake.SupportsDht && _owner.DhtPort is > 0 and int dhtPort)
            PeerMessage.WritePort(Append(7), dhtPort);
        Flush();
    }

    private void SendOpeningBitfield()
    {
        Bitfield have = _upload.SuperSeeding is null ? _swarm.Picker.Have : new Bitfield(State.Pieces.Length);
        if (IsFast && (have.IsEmpty || have.IsFull))
        {
            PeerMessage.WriteState(Append(5), have.IsEmpty ? MessageId.HaveNone : MessageId.HaveAll);
        }
        else if (!have.IsEmpty)
        {
            PeerMessage.WriteHeader(Append(5), MessageId.Bitfield, have.Bytes.Length);
            have.Bytes.CopyTo(Append(have.Bytes.Length));
        }
    }

    /// <summary>Ends the connection; the swarm hears of it once.</summary>
    public void Close(PeerClose reason)
    {
        if (_isClosed)
            return;
        _isClosed = true;
        _stream.Dispose();
        _requests.Clear();
        _owner.Closed(this, reason);
        ReturnBuffers();
    }

    /// <summary>Looks at the clock: keep-alive, silence.</summary>
    public void Tick(double now)
    {
        if (_isClosed)
            return;
        if (IsHeldBack)
            _lastReceivedAt = now;
        if (now - _lastReceivedAt > SilenceSeconds || IsStuck(now))
        {
            Close(PeerClose.TimedOut);
        }
        else if (now - _lastSentAt > KeepAliveSeconds)
        {
            PeerMessage.WriteKeepAlive(Append(PeerMessage.PrefixLength));
            Flush();
        }
    }

    private void ReturnBuffers()
    {
        if (_outgoing.Length > 0 && !_isSending)
        {
            ArrayPool<byte>.Shared.Return(_outgoing);
            _outgoing = [];
            _outgoingLength = 0;
        }
    }
}
