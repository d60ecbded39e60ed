using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>
/// The 20 bytes that a torrent goes by in handshakes: of a hybrid torrent two, between which a connection can be upgraded (BEP 52, "Upgrade Path").
/// </summary>
internal sealed class WireHashes(InfoHash infoHash)
{
    /// <summary>The v1 hash, or the truncated v2 hash where there is no other.</summary>
    public ReadOnlyMemory<byte> First { get; } = infoHash.Wire.ToArray();

    /// <summary>The truncated v2 hash; empty for a v1 torrent.</summary>
    public ReadOnlyMemory<byte> V2 { get; } = infoHash.HasV2 ? infoHash.V2[..InfoHash.V1Length].ToArray() : default;

    public bool IsHybrid { get; } = infoHash is { HasV1: true, HasV2: true };

    /// <summary>Which to send to an address: the second where the first was not answered.</summary>
    public ReadOnlyMemory<byte> For(PeerCandidate candidate) => candidate.PrefersV2 ? V2 : First;

    /// <summary>Which to answer a peer with: that which it sent, but the v2 hash where both speak version 2.</summary>
    public ReadOnlyMemory<byte> AnswerTo(Handshake handshake) => IsV2(handshake, isOutgoing: false) ? V2 : First;

    /// <summary>Whether a connection is one of version 2.</summary>
    /// <param name="handshake">The peer's handshake.</param>
    /// <param name="isOutgoing">Whether we made the connection, and the peer answered.</param>
    public bool IsV2(Handshake handshake, bool isOutgoing) =>
        !V2.IsEmpty && (handshake.InfoHash.SequenceEqual(V2.Span) || (!isOutgoing && handshake.SupportsV2));
}
