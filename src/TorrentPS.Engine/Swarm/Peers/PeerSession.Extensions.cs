using System.Net;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <content>The extension protocol (BEP 10).</content>
internal sealed partial class PeerSession
{
    private readonly PeerExtensions _extensions;

    /// <summary>The client's name, from its own words or from its peer id.</summary>
    public string Client { get; private set; } = "";

    /// <summary>Tells of others and hears of them (BEP 11); null where the torrent does not allow that.</summary>
    public PeerExchangeLink? Exchange { get; private set; }

    /// <summary>Brings peers together (BEP 55); null where that is not done.</summary>
    public HolepunchLink? Holepunch { get; private set; }

    /// <summary>Where the peer can be connected to; null when it came to us and does not say where it listens.</summary>
    public IPEndPoint? ListenEndPoint { get; private set; }

    /// <summary>Whether it has everything, or says that it only uploads (BEP 21).</summary>
    public bool IsSeed => _isUploadOnly || State.Pieces.IsFull;

    /// <summary>What others are told of it (BEP 11).</summary>
    public PeerExchangeFlags ExchangeFlags =>
        (_stream.IsEncrypted ? PeerExchangeFlags.PrefersEncryption : PeerExchangeFlags.None)
        | (IsSeed ? PeerExchangeFlags.Seed : PeerExchangeFlags.None)
        | (_stream.IsUtp ? PeerExchangeFlags.SupportsUtp : PeerExchangeFlags.None)
        | (_supportsHolepunch ? PeerExchangeFlags.SupportsHolepunch : PeerExchangeFlags.None)
        | (IsOutgoing ? PeerExchangeFlags.Reachable : PeerExchangeFlags.None);

    private DontHaveNotice _dontHave = null!;
    private bool _isUploadOnly;
    private bool _supportsHolepunch;

    private PeerExtensions CreateExtensions()
    {
        ListenEndPoint = IsOutgoing ? EndPoint : null;
        List<IPeerExtension> members = [new MetadataServing(this, _swarm.Torrent), _dontHave = new DontHaveNotice(this), new UploadOnlyNotice(this)];
        if (_swarm.Exchange is { } exchange)
            members.Add(Exchange = new PeerExchangeLink(this, exchange));
        if (_swarm.Holepunch is { } holepunch)
            members.Add(Holepunch = new HolepunchLink(this, holepunch));
        return new(members);
    }

    /// <summary>Whether the peer takes a kind of extension messages.</summary>
    public bool Takes(string extension) => _extensions.PeerId(extension) > 0;

    private void AppendExtensionHandshake()
    {
        Torrent torrent = _swarm.Torrent;
        AppendExtended(ExtensionHandshake.ExtendedId, new ExtensionHandshake
        {
            Extensions = _extensions.OwnIds,
            Client = ProgramName.Client,
            MetadataSize = MetadataServing.Serves(torrent) ? torrent.InfoBytes.Length : null,
            RequestQueue = OwnRequestQueue,
            Port = (AddressRules.ReachOf(EndPoint.Address) == AddressReach.World ? _owner.PublicPort : _owner.ListenPort) is > 0 and int port ? port : null,
            YourIP = EndPoint.Address,
            IsUploadOnly = _swarm.Picker.Missing == 0 && _upload.SuperSeeding is null ? true : null,
        }.ToBytes());
    }

    /// <summary>Queues an extension message; <see cref="Flush"/> sends it.</summary>
    /// <param name="name">Its kind; nothing is sent when the peer does not take it.</param>
    /// <param name="payload">What follows the extension id.</param>
    /// <param name="more">What follows that.</param>
    public void QueueExtended(string name, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> more = default)
    {
        if (_extensions.PeerId(name) is > 0 and byte id)
            AppendExtended(id, payload, more);
    }

    private void AppendExtended(byte extendedId, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> more = default)
    {
        PeerMessage.WriteExtendedHeader(Append(6), extendedId, payload.Length + more.Length);
        payload.CopyTo(Append(payload.Length));
        more.CopyTo(Append(more.Length));
    }

    private void HandleExtended(byte extendedId, ReadOnlySpan<byte> payload)
    {
        try
        {
            if (extendedId == ExtensionHandshake.ExtendedId)
                HandleExtensionHandshake(payload);
            else
                _extensions.Find(extendedId)?.Receive(payload); // ids that we gave to nobody are skipped
        }
        catch (BencodeException e)
        {
            Violate(extendedId == ExtensionHandshake.ExtendedId ? "an extension handshake that cannot be read: {0}" : "an extension message that cannot be read: {0}", e.Message);
        }
    }

    private void HandleExtensionHandshake(ReadOnlySpan<byte> payload)
    {
        if (payload.Length > ExtensionHandshake.MaxLength)
        {
            Violate("an extension handshake of {0} bytes", payload.Length);
            return;
        }

        Spend(MessageBudget.Handshake);
        if (_isClosed)
            return;
        ExtensionHandshake handshake = ExtensionHandshake.Read(payload);
        _extensions.Update(handshake);
        Client = handshake.Client ?? Client;
        if (handshake.RequestQueue is { } queue)
            State.Window.SetPeerLimit(queue);
        _isUploadOnly = handshake.IsUploadOnly ?? _isUploadOnly;
        _supportsHolepunch |= handshake.Extensions.GetValueOrDefault("ut_holepunch") > 0;
        if (!IsOutgoing && handshake.Port is { } port)
            ListenEndPoint = new IPEndPoint(EndPoint.Address, port);
        _owner.ExtensionsReceived(this, handshake);
    }

    /// <summary>Hears whether the peer only uploads (BEP 21).</summary>
    public void SetUploadOnly(bool isUploadOnly)
    {
        if (_isUploadOnly == isUploadOnly)
            return;
        Spend(MessageBudget.Interest);
        if (_isClosed)
            return;
        _isUploadOnly = isUploadOnly;
        _download.OffersChanged(this);
    }

    /// <summary>Hears that the peer has a piece no longer (BEP 54).</summary>
    public void LosePiece(int piece)
    {
        if (State.Pieces[piece])
            Spend(MessageBudget.LostPiece);
        if (!_isClosed)
            _download.PieceLost(this, piece);
    }

    /// <summary>Says again what we are: we have got all that we want, and only upload from now on (BEP 21).</summary>
    public void TellUploadOnly()
    {
        if (Handshake.SupportsExtensions)
            AppendExtensionHandshake();
        Flush();
    }

    /// <summary>Ends the connection because the peer sends more than anybody needs.</summary>
    public void CloseFlooded(string what, int count) => Violate("a flood of " + what + ": {0}", count);
}
