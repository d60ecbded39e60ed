using System.Buffers;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>
/// A connection while a magnet link is resolved. It requests metadata, and the hashes that belong to it; everything else that the peer declares is kept as received, for
/// the handler that takes the connection over.
/// </summary>
internal sealed class MetadataPeer : PeerHandler, IMetadataReceiver
{
    /// <summary>The maximum size of kept messages in bytes; beyond it, the connection is not handed over. The largest bitfield has 256 KiB.</summary>
    private const int MaxKept = 512 * 1024;

    /// <summary>The maximum number of unrequested pieces accepted.</summary>
    private const int MaxUnasked = 64;

    /// <summary>Large enough for a metadata message.</summary>
    private const int LongestBuffer = 32 * 1024;

    private readonly IMetadataSwarm _swarm;
    private readonly MetadataLink _metadata;
    private readonly IPeerExtension[] _extensions;
    private ArrayBufferWriter<byte>? _kept = new(); // null if the peer sent too much
    private int _unasked;

    public MetadataPeer(IMetadataSwarm swarm, PeerConnection connection, PeerCandidate? candidate)
        : base(connection, swarm)
    {
        (_swarm, Candidate) = (swarm, candidate);
        _metadata = new MetadataLink(this, default, this);
        _extensions = swarm.Exchange is { } exchange ? [_metadata, new PeerExchangeLink(this, exchange)] : [_metadata];
    }

    /// <summary>Its address; null if the peer connected to us.</summary>
    public PeerCandidate? Candidate { get; }

    /// <summary>Its metadata source; null if it does not declare the metadata.</summary>
    public MetadataSource? Source { get; private set; }

    public override IReadOnlyList<IPeerExtension> Extensions => _extensions;

    public override int PieceCount => MetainfoLimits.Pieces;

    public override int ReceiveBufferLength => LongestBuffer;

    public override void Open()
    {
        if (Handshake.SupportsExtensions)
            Connection.Extensions.QueueHandshake(new ExtensionHandshake());
    }

    /// <summary>Sends as many requests for pieces, or hashes, as allowed.</summary>
    public void Ask()
    {
        while (!IsClosed && Source is not null && _swarm.Fetch.TryNext(Source, _swarm.Now, out int piece))
            _metadata.Request(piece);
        AskForHashes();
        Flush();
    }

    private void AskForHashes()
    {
        if (!IsV2 || _swarm.Layers is not { } layers || _swarm.Now < Hashes.PausedUntil)
            return;
        for (int i = 0; i < layers.Wanted.Length && Hashes.Asked.Count < LayerFetch.Window && !IsClosed; i++)
        {
            (int file, int chunk) = layers.Wanted[i];
            HashRange range = layers.RangeOf(file, chunk);
            if (layers.TryAsk(file, range, _swarm.Now, out int known))
                Hashes.Request(known, range, layers.RootOf(known));
        }
    }

    /// <summary>Hands the connection over, with everything that the peer declared; null if it has ended, or the peer sent too much.</summary>
    public HandedOverPeer? GiveAway()
    {
        if (_kept is null)
            Close(PeerClose.Lost);
        if (IsClosed)
            return null;
        Connection.GiveAway(_kept!.WrittenSpan.ToArray());
        return new HandedOverPeer(Connection, Candidate);
    }

    public override void Handle(MessageId id, ReadOnlySpan<byte> payload)
    {
        switch (id)
        {
            case MessageId.Hashes or MessageId.HashReject when IsV2 && _swarm.Layers is { } layers:
                Hashes.Receive(id, payload, layers.Proofs, serving: null);
                break;
            case MessageId.Piece or MessageId.Request or MessageId.Cancel or MessageId.Reject or MessageId.Hashes or MessageId.HashReject:
                break; // we requested none of these, and have nothing to serve
            case MessageId.Have when Keep(id, payload):
                Connection.EarnBack(); // which of them are new is known only with the number of pieces; those kept are limited
                break;
            default:
                Keep(id, payload);
                break;
        }
    }

    /// <summary>Keeps a message for the next handler; false if there are too many, or its type is unknown.</summary>
    private bool Keep(MessageId id, ReadOnlySpan<byte> payload)
    {
        const int HeaderLength = PeerMessage.PrefixLength + 1;
        if (!Connection.IsKnown(id, payload.Length + 1) || IsClosed)
            return false;
        if (_kept is not null && _kept.WrittenCount + HeaderLength + payload.Length > MaxKept)
            _kept = null;
        if (_kept is null)
            return false;
        PeerMessage.WriteHeader(_kept.GetSpan(HeaderLength), id, payload.Length);
        _kept.Advance(HeaderLength);
        _kept.Write(payload);
        return true;
    }

    public override void ExtensionsReceived(ExtensionHandshake handshake, ReadOnlySpan<byte> payload)
    {
        Keep(MessageId.Extended, payload);
        if (Source is not null || !Takes(MetadataMessage.ExtensionName) || handshake.MetadataSize is not { } size)
            return;
        if (!_swarm.Fetch.Accepts(size))
        {
            _swarm.SizeRefused(this, size);
            return;
        }

        Source = new MetadataSource((int)size) { Peer = this };
        _swarm.Fetch.Add(Source);
    }

    public void MetadataReceived(MetadataMessage message, ReadOnlySpan<byte> data)
    {
        if (Source is not null && _swarm.Fetch.Receive(Source, message.Piece, message.TotalSize, data, _swarm.Now))
            Connection.EarnBack();
        else if (++_unasked > MaxUnasked)
            Connection.Violate("unrequested metadata: {0} times", _unasked);
    }

    public void MetadataRejected(int piece)
    {
        if (Source is not null)
            MetadataFetch.Reject(Source, piece, _swarm.Now);
    }

    public override void HashesReceived(int file, HashRange range, ReadOnlySpan<byte> hashes)
    {
        _swarm.Layers!.Answered(file, range);
        if (!_swarm.Layers.Receive(file, range, hashes))
            _swarm.HashesWrong(this);
    }

    public override void HashesRejected(int file, HashRange range)
    {
        _swarm.Layers!.Answered(file, range);
        Hashes.PausedUntil = _swarm.Now + LayerFetch.PauseSeconds;
    }

    public override void Received() => _swarm.Received(this);

    public override void Closed(PeerClose reason)
    {
        if (Source is not null)
            _swarm.Fetch.Remove(Source);
        foreach ((int file, HashRange range) in Hashes.Asked) // its requests are for others to answer
            _swarm.Layers?.Answered(file, range);
        _swarm.Closed(this, reason);
    }
}
