namespace TorrentPS.Engine.Metainfo;

/// <summary>
/// The identity of a torrent: the SHA-1 of its raw info dictionary (v1, BEP 3), the SHA-256 (v2, BEP 52), or both (hybrid).
/// </summary>
public readonly struct InfoHash : IEquatable<InfoHash>
{
    /// <summary>Bytes in the hash of a v1 torrent, and in the truncated hash that the protocol uses for a v2 torrent.</summary>
    public const int V1Length = 20;

    /// <summary>Bytes in the hash of a v2 torrent.</summary>
    public const int V2Length = 32;

    private readonly byte[]? _v1;
    private readonly byte[]? _v2;

    private InfoHash(byte[]? v1, byte[]? v2) => (_v1, _v2) = (v1, v2);

    /// <summary>The v1 hash, 20 bytes, or empty.</summary>
    public ReadOnlySpan<byte> V1 => _v1;

    /// <summary>The v2 hash, 32 bytes, or empty.</summary>
    public ReadOnlySpan<byte> V2 => _v2;

    /// <summary>Whether there is a v1 hash.</summary>
    public bool HasV1 => _v1 is not null;

    /// <summary>Whether there is a v2 hash.</summary>
    public bool HasV2 => _v2 is not null;

    /// <summary>The 20 bytes used in handshakes and announces: the v1 hash, or the first 20 bytes of the v2 hash (BEP 52, "Upgrade Path").</summary>
    public ReadOnlySpan<byte> Wire => _v1 is not null ? _v1 : _v2.AsSpan(0, _v2 is null ? 0 : V1Length);

    /// <summary>Creates an info hash from 20 bytes, 32 bytes, or both.</summary>
    /// <param name="v1">The v1 hash: 20 bytes, or empty.</param>
    /// <param name="v2">The v2 hash: 32 bytes, or empty.</param>
    /// <exception cref="ArgumentException">A hash has the wrong length, or both are empty.</exception>
    public static InfoHash Create(ReadOnlySpan<byte> v1, ReadOnlySpan<byte> v2 = default)
    {
        if (v1.Length is not (0 or V1Length))
            throw new ArgumentException("A v1 info hash has 20 bytes.", nameof(v1));
        if (v2.Length is not (0 or V2Length))
            throw new ArgumentException("A v2 info hash has 32 bytes.", nameof(v2));
        if (v1.IsEmpty && v2.IsEmpty)
            throw new ArgumentException("An info hash needs a v1 hash, a v2 hash or both.", nameof(v1));
        return new InfoHash(v1.IsEmpty ? null : v1.ToArray(), v2.IsEmpty ? null : v2.ToArray());
    }

    /// <summary>Parses 40 (v1) or 64 (v2) hexadecimal digits.</summary>
    /// <param name="text">The digits, in either case.</param>
    /// <param name="infoHash">The info hash, if the text is valid.</param>
    public static bool TryParse(string? text, out InfoHash infoHash)
    {
        infoHash = default;
        if (text is not { Length: 2 * V1Length or 2 * V2Length } || !text.All(char.IsAsciiHexDigit))
            return false;
        byte[] bytes = Convert.FromHexString(text);
        infoHash = bytes.Length == V1Length ? new InfoHash(bytes, null) : new InfoHash(null, bytes);
        return true;
    }

    /// <inheritdoc/>
    public bool Equals(InfoHash other) => V1.SequenceEqual(other.V1) && V2.SequenceEqual(other.V2);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is InfoHash other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Wire.IsEmpty ? 0 : BitConverter.ToInt32(Wire);

    /// <summary>The v1 hash in lower-case hexadecimal, or the v2 hash if there is no v1 hash.</summary>
    public override string ToString() => Convert.ToHexStringLower(HasV1 ? V1 : V2);

    /// <summary>Whether two info hashes are the same.</summary>
    public static bool operator ==(InfoHash left, InfoHash right) => left.Equals(right);

    /// <summary>Whether two info hashes differ.</summary>
    public static bool operator !=(InfoHash left, InfoHash right) => !left.Equals(right);
}
