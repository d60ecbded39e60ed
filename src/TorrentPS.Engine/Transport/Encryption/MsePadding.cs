using System.Security.Cryptography;

namespace TorrentPS.Engine.Transport.Encryption;

/// <summary>The lengths of the paddings of one side, which hide the lengths of its packets.</summary>
/// <param name="Key">Bytes after the public key (PadA, PadB): 0 to <see cref="MaxLength"/>.</param>
/// <param name="Crypto">Bytes after crypto_provide or crypto_select (PadC, PadD): 0 to <see cref="MaxLength"/>.</param>
internal readonly record struct MsePadding(int Key, int Crypto)
{
    /// <summary>The longest padding.</summary>
    public const int MaxLength = 512;

    /// <summary>Chooses random lengths for a connection.</summary>
    public static MsePadding Draw() =>
        new(RandomNumberGenerator.GetInt32(MaxLength + 1), RandomNumberGenerator.GetInt32(MaxLength + 1));
}
