using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>
/// The 20-byte hashes of a torrent in handshakes: a hybrid torrent has two, between which a connection can be upgraded (BEP 52, "Upgrade Path").
/// </summary>
internal sealed class WireHashes(InfoHash infoHash)
{
    /// <summary>The v1 hash, or the truncated v2 hash if there is no v1 hash.</summary>
    public ReadOnlyMemory<byte> First { get; } = infoHash.Wire.ToArray();

    /// <summary>The truncated v2 hash; empty for a v1 torrent.</summary>
    public ReadOnlyMemory<byte> V2 { get; } = infoHash.HasV2 ? infoHash.V2[..InfoHash.V1Length].ToArray() : default;

    public bool IsHybrid { get; } = infoHash is { HasV1: true, HasV2: true };

    /// <summary>The hash to send to an address: the second if it did not answer to the first.</summary>
    public ReadOnlyMemory<byte> For(PeerCandidate candidate) => candidate.PrefersV2 ? V2 : First;

    /// <summary>The hash with which to answer a peer: the one that it sent, but the v2 hash if both sides support version 2.</summary>
    public ReadOnlyMemory<byte> AnswerTo(Handshake handshake) => IsV2(handshake, isOutgoing: false) ? V2 : First;

    /// <summary>Whether a connection uses version 2.</summary>
    /// <param name="handshake">The peer's handshake.</param>
    /// <param name="isOutgoing">Whether we made the connection, and the peer answered.</param>
    public bool IsV2(Handshake handshake, bool isOutgoing) =>
        !V2.IsEmpty && (handshake.InfoHash.SequenceEqual(V2.Span) || (!isOutgoing && handshake.SupportsV2));
}
