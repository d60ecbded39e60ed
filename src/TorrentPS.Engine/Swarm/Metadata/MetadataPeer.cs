using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Transport.Encryption;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>
/// One connection while a magnet link is resolved. It asks for metadata, and for hashes that belong to it; whatever else the peer tells of itself is kept as it came, for the
/// session that takes the connection over when the metadata is there. It runs on the resolving session's loop.
/// </summary>
internal sealed partial class MetadataPeer : IRosterPeer, IDisposable
{
    /// <summary>Bytes of messages kept; a peer that tells more is not handed on. The bitfield of the greatest torrent has 256 KiB.</summary>
    private const int MaxKept = 512 * 1024;

    /// <summary>Pieces that a peer may send after we no longer expect them.</summary>
    private const int MaxUnasked = 64;

    private const int MaxRejections = 64;
    private const int FirstBuffer = 4 * 1024;

    /// <summary>An empty buffer that is larger is given back: a message of metadata fits.</summary>
    private const int UsualBuffer = 8 * FirstBuffer;

    /// <summary>An id that no message has, for the rest of one that is not read.</summary>
    private const byte UnknownId = byte.MaxValue;

    private const double KeepAliveSeconds = 100;
    private const double SilenceSeconds = 150;

    private readonly IMetadataSwarm _swarm;
    private readonly PeerStream _stream;
    private readonly CancellationTokenSource _leaving = new();
    private readonly MessageBudget _budget = new();
    private ArrayBufferWriter<byte>? _kept = new(); // null when the peer told too much
    private readonly PeerExchangeInbox _inbox = new();
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
    private int _used;
    private int _skipping; // bytes to come of a message that nobody reads
    private byte _metadataId;
    private Task _running = Task.CompletedTask;
    private Task _sending = Task.CompletedTask;
    private int _unasked;
    private int _rejections;
    private double _lastReceivedAt;
    private double _lastSentAt;
    private bool _isClosed;
    private bool _isEnded;

    public MetadataPeer(IMetadataSwarm swarm, PeerStream stream, Handshake handshake, PeerCandidate? candidate)
    {
        (_swarm, _stream, Handshake, Candidate) = (swarm, stream, handshake, candidate);
        ConnectedAt = _lastReceivedAt = _lastSentAt = swarm.Now;
    }

    public Handshake Handshake { get; }

    /// <summary>The address it was found by; null when the peer connected to us.</summary>
    public PeerCandidate? Candidate { get; }

    public IPEndPoint EndPoint => _stream.RemoteEndPoint;

    public bool IsOutgoing => _stream.IsOutgoing;

    public double ConnectedAt { get; }

    /// <summary>What it says of the metadata; null when it does not have it, or is not known to.</summary>
    public MetadataSource? Source { get; private set; }

    /// <summary>What it is allowed to name, from when it has named something.</summary>
    public PeerTeller? Teller { get; set; }

    /// <summary>Begins.</summary>
    public void Start() => _running = RunAsync();

    /// <summary>Asks for as many pieces as it may be asked for now.</summary>
    public void AskForPieces()
    {
        while (!_isClosed && Source is not null && _swarm.Fetch.TryNext(Source, _swarm.Now, out int piece))
            Send(_metadataId, new MetadataMessage(MetadataMessageType.Request, piece).ToBytes());
    }

    /// <summary>Looks at the clock: keep-alive, silence.</summary>
    public void Tick(double now)
    {
        if (now - _lastReceivedAt > SilenceSeconds)
            Close(PeerClose.TimedOut);
        else if (now - _lastSentAt > KeepAliveSeconds)
            Send(new byte[PeerMessage.PrefixLength]);
    }

    /// <summary>Looks at the clock, and asks for more.</summary>
    public void TickSafely(double now)
    {
        try
        {
            Tick(now);
            AskForPieces();
        }
        catch (Exception e)
        {
            Fault(e);
        }
    }

    /// <summary>Asks for hashes, because of what another has sent or of the clock.</summary>
    public void AskForHashesSafely()
    {
        try
        {
            AskForHashes();
        }
        catch (Exception e)
        {
            Fault(e);
        }
    }

    /// <inheritdoc/>
    public void Fault(Exception fault)
    {
        if (_isClosed)
            return;
        _swarm.Faulted(this, fault);
        Close(PeerClose.Faulted);
    }

    /// <summary>Ends the connection; the session hears of it once.</summary>
    public void Close(PeerClose reason)
    {
        if (_isClosed)
            return;
        _isClosed = true;
        _stream.Dispose();
        _leaving.Dispose();
        if (Source is not null)
            _swarm.Fetch.Remove(Source);
        DisownHashes();
        _swarm.Closed(this, reason);
    }

    public void Dispose() => Close(PeerClose.Stopping);

    /// <summary>Stops reading and gives the connection away, with all that the peer has told before what it says next; null when it has ended.</summary>
    /// <param name="limit">How long what is being sent may take.</param>
    /// <param name="time">The clock for that.</param>
    public async Task<HandedOverPeer?> LeaveAsync(TimeSpan limit, TimeProvider time)
    {
        try
        {
            return await GiveAwayAsync(limit, time);
        }
        catch (Exception e)
        {
            Fault(e);
            return null;
        }
    }

    private async Task<HandedOverPeer?> GiveAwayAsync(TimeSpan limit, TimeProvider time)
    {
        if (_isClosed)
            return null;
        await _leaving.CancelAsync();
        await _running;
        try
        {
            await _sending.WaitAsync(limit, time);
        }
        catch (TimeoutException)
        {
            _isEnded = true;
        }

        if (_isClosed)
            return null;
        if (_isEnded || _kept is null)
        {
            Close(PeerClose.Lost);
            return null;
        }

        _isClosed = true;
        _leaving.Dispose();
        byte[] told = [.. _kept.WrittenSpan, .. RestOfSkipped(), .. _buffer.AsSpan(0, _used)];
        ArrayPool<byte>.Shared.Return(_buffer);
        return new HandedOverPeer(new EncryptedPeerStream(_stream, told), Handshake, Candidate);
    }

    private async Task RunAsync()
    {
        try
        {
            if (Handshake.SupportsExtensions)
                SendHandshake();
            await ReceiveAsync();
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            _isEnded = true;
        }
        catch (Exception e)
        {
            Fault(e);
        }

        if (_isEnded)
            Close(PeerClose.Lost);
        if (_isClosed)
            ArrayPool<byte>.Shared.Return(_buffer);
    }

    private void SendHandshake() => Send(ExtensionHandshake.ExtendedId, new ExtensionHandshake
    {
        Extensions = _swarm.ExchangesPeers
            ? new Dictionary<string, byte> { [MetadataMessage.ExtensionName] = MetadataMessage.OwnId, [PeerExchangeMessage.ExtensionName] = PeerExchangeMessage.OwnId }
            : new Dictionary<string, byte> { [MetadataMessage.ExtensionName] = MetadataMessage.OwnId },
        Client = ProgramName.Client,
        RequestQueue = PeerSession.OwnRequestQueue,
        Port = (AddressRules.ReachOf(EndPoint.Address) == AddressReach.World ? _swarm.PublicPort : _swarm.ListenPort) is > 0 and int port ? port : null,
        YourIP = EndPoint.Address,
    }.ToBytes());

    private void Handle(ReadOnlySpan<byte> message)
    {
        switch ((MessageId)message[PeerMessage.PrefixLength])
        {
            case MessageId.Extended when message.Length > PeerMessage.PrefixLength + 1:
                HandleExtended(message[PeerMessage.PrefixLength + 1], message);
                break;
            case MessageId.Hashes or MessageId.HashReject:
                HandleHashes((MessageId)message[PeerMessage.PrefixLength], message[(PeerMessage.PrefixLength + 1)..]);
                break;
            case MessageId.Piece or MessageId.Request or MessageId.Cancel or MessageId.Reject or MessageId.Extended:
                break; // nobody asked for anything, and nobody may ask us
            case MessageId.Have when Keep(message):
                EarnBack(); // which of them are new shows when the number of pieces is known; those kept are bounded
                break;
            default:
                Keep(message);
                break;
        }
    }

    /// <summary>Keeps a message for the session that takes the connection over; false when there are too many.</summary>
    private bool Keep(ReadOnlySpan<byte> message)
    {
        if (_kept is not null && _kept.WrittenCount + message.Length > MaxKept)
            _kept = null;
        _kept?.Write(message);
        return _kept is not null;
    }

    private void HandleExtended(byte extendedId, ReadOnlySpan<byte> message)
    {
        ReadOnlySpan<byte> payload = message[(PeerMessage.PrefixLength + 2)..];
        try
        {
            if (extendedId == MetadataMessage.OwnId)
                HandleMetadata(payload);
            else if (extendedId == PeerExchangeMessage.OwnId && _swarm.ExchangesPeers)
                HandleExchange(payload);
            if (extendedId != ExtensionHandshake.ExtendedId)
                return;
            if (payload.Length > ExtensionHandshake.MaxLength)
            {
                Violate($"an extension handshake of {payload.Length} bytes");
                return;
            }

            if (!_budget.TrySpend(MessageBudget.Handshake))
                return; // ends with the message
            HandleHandshake(ExtensionHandshake.Read(payload));
            Keep(message);
        }
        catch (BencodeException e)
        {
            Violate($"an extension message that cannot be read: {e.Message}");
        }
    }

    private void HandleHandshake(ExtensionHandshake handshake)
    {
        if (handshake.Extensions.TryGetValue(MetadataMessage.ExtensionName, out byte id))
            _metadataId = id;
        if (Source is not null || _metadataId == 0 || handshake.MetadataSize is not { } size)
            return;
        if (!_swarm.Fetch.Accepts(size))
        {
            _swarm.SizeRefused(this, size);
            return;
        }

        Source = new MetadataSource((int)size) { Peer = this };
        _swarm.Fetch.Add(Source);
    }

    /// <summary>It names others, who may have the metadata when it does not.</summary>
    private void HandleExchange(ReadOnlySpan<byte> payload)
    {
        if (_inbox.Takes(_swarm.Now))
            _swarm.PeersExchanged(this, PeerExchangeMessage.Read(payload));
        else if (_inbox.IsFlooded)
            Violate($"a flood of peer exchange messages: {_inbox.Ignored}");
    }

    private void HandleMetadata(ReadOnlySpan<byte> payload)
    {
        MetadataMessage message = MetadataMessage.Read(payload, out ReadOnlySpan<byte> data);
        switch (message.Type)
        {
            case MetadataMessageType.Data:
                if (Source is not null && _swarm.Fetch.Receive(Source, message.Piece, message.TotalSize, data, _swarm.Now))
                    EarnBack();
                else if (++_unasked > MaxUnasked)
                    Violate("unrequested metadata");
                break;
            case MetadataMessageType.Reject when Source is not null:
                MetadataFetch.Reject(Source, message.Piece, _swarm.Now);
                break;
            case MetadataMessageType.Request when _metadataId > 0 && ++_rejections <= MaxRejections:
                Send(_metadataId, new MetadataMessage(MetadataMessageType.Reject, message.Piece).ToBytes());
                break;
            default:
                break; // BEP 9: what is not known is ignored
        }
    }

    private void Violate(string what)
    {
        if (_isClosed)
            return;
        _swarm.Violated(this, what);
        Close(PeerClose.Violation);
    }

    private void Send(byte extendedId, byte[] payload)
    {
        byte[] message = new byte[6 + payload.Length];
        PeerMessage.WriteExtendedHeader(message, extendedId, payload.Length);
        payload.CopyTo(message, 6);
        Send(message);
    }

    private void Send(byte[] message)
    {
        _lastSentAt = _swarm.Now;
        _sending = SendAfterAsync(_sending, message);
    }

    private async Task SendAfterAsync(Task before, byte[] message)
    {
        await before;
        if (_isClosed || _isEnded)
            return;
        try
        {
            await _stream.SendAsync(message);
        }
        catch (IOException)
        {
            _isEnded = true; // the reading ends, too, and closes it
        }
        catch (Exception e)
        {
            Fault(e);
        }
    }
}
