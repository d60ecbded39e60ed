using System.Buffers.Binary;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Wire;

/// <summary>The 68 bytes at the start of a connection (BEP 3, "peer protocol"): 19, the protocol's name, 8 reserved bytes, the info hash, the peer id.</summary>
internal sealed class Handshake
{
    public const int Length = 68;
    public const int ReservedOffset = 20;
    public const int InfoHashOffset = 28;
    public const int PeerIdOffset = 48;

    private const ulong ExtensionBit = 0x0000_0000_0010_0000;
    private const ulong V2Bit = 0x0000_0000_0000_0010;
    private const ulong FastBit = 0x0000_0000_0000_0004;
    private const ulong DhtBit = 0x0000_0000_0000_0001;

    private readonly byte[] _infoHash;
    private readonly byte[] _peerId;

    private Handshake(ulong reserved, byte[] infoHash, byte[] peerId)
    {
        Reserved = reserved;
        _infoHash = infoHash;
        _peerId = peerId;
    }

    /// <summary>The length byte and the protocol's name.</summary>
    public static ReadOnlySpan<byte> Prefix => "\u0013BitTorrent protocol"u8;

    /// <summary>The reserved bits of a client that supports the extension protocol and the fast extension.</summary>
    public static ulong OwnReserved => ExtensionBit | FastBit;

    /// <summary>The reserved bytes as a big-endian number.</summary>
    public ulong Reserved { get; }

    public ReadOnlySpan<byte> InfoHash => _infoHash;

    public ReadOnlySpan<byte> PeerId => _peerId;

    /// <summary>BEP 10.</summary>
    public bool SupportsExtensions => (Reserved & ExtensionBit) != 0;

    /// <summary>BEP 5.</summary>
    public bool SupportsDht => (Reserved & DhtBit) != 0;

    /// <summary>BEP 6.</summary>
    public bool SupportsFast => (Reserved & FastBit) != 0;

    /// <summary>BEP 52, "Upgrade Path".</summary>
    public bool SupportsV2 => (Reserved & V2Bit) != 0;

    /// <summary>Whether the bytes may be the start of a handshake.</summary>
    public static bool IsPrefix(ReadOnlySpan<byte> bytes)
    {
        int length = Math.Min(bytes.Length, Prefix.Length);
        return bytes[..length].SequenceEqual(Prefix[..length]);
    }

    /// <summary>Writes our handshake.</summary>
    /// <param name="destination">Receives the bytes.</param>
    /// <param name="infoHash">The 20 bytes of the info hash.</param>
    /// <param name="peerId">Our peer id.</param>
    /// <param name="usesDht">Whether we have a DHT node, whose port can be sent to the peer (BEP 5, "PORT").</param>
    /// <param name="supportsV2">Whether the torrent has a v2 hash, with which the peer may answer (BEP 52, "Upgrade Path").</param>
    public static void Write(Span<byte> destination, ReadOnlySpan<byte> infoHash, ReadOnlySpan<byte> peerId, bool usesDht = false, bool supportsV2 = false)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(infoHash.Length, Metainfo.InfoHash.V1Length, nameof(infoHash));
        ArgumentOutOfRangeException.ThrowIfNotEqual(peerId.Length, Wire.PeerId.Length, nameof(peerId));
        Prefix.CopyTo(destination);
        BinaryPrimitives.WriteUInt64BigEndian(destination[ReservedOffset..], OwnReserved | (usesDht ? DhtBit : 0) | (supportsV2 ? V2Bit : 0));
        infoHash.CopyTo(destination[InfoHashOffset..]);
        peerId.CopyTo(destination[PeerIdOffset..]);
    }

    /// <summary>Parses 68 bytes; null if they do not begin with the protocol's name.</summary>
    public static Handshake? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Length || !bytes.StartsWith(Prefix))
            return null;
        return new Handshake(
            BinaryPrimitives.ReadUInt64BigEndian(bytes[ReservedOffset..]),
            bytes.Slice(InfoHashOffset, Metainfo.InfoHash.V1Length).ToArray(),
            bytes.Slice(PeerIdOffset, Wire.PeerId.Length).ToArray());
    }
}
