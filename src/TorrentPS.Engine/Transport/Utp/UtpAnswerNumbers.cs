using System.Buffers.Binary;
using System.Security.Cryptography;

namespace TorrentPS.Engine.Transport.Utp;

/// <summary>
/// The numbers of the answers to those who ask for a connection: a keyed hash of what they have asked and of the time. Nobody can guess one, and who
/// acknowledges one was answered a short while ago, whether we remember it or not.
/// </summary>
internal sealed class UtpAnswerNumbers
{
    private const long Period = 16_000_000; // µs; a number is known for one to two of these

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    /// <summary>The number of the answer to a SYN.</summary>
    /// <param name="connection">The connection that is asked for.</param>
    /// <param name="syn">The number of the SYN.</param>
    /// <param name="now">The time.</param>
    public ushort Of(UtpAddress connection, ushort syn, long now) => InPeriod(connection, syn, now / Period);

    /// <summary>Whether a SYN was answered with a number.</summary>
    public bool WasGiven(ushort number, UtpAddress connection, ushort syn, long now) =>
        number == InPeriod(connection, syn, now / Period) || number == InPeriod(connection, syn, now / Period - 1);

    private ushort InPeriod(UtpAddress connection, ushort syn, long period)
    {
        Span<byte> data = stackalloc byte[30];
        BinaryPrimitives.WriteUInt64LittleEndian(data, connection.High);
        BinaryPrimitives.WriteUInt64LittleEndian(data[8..], connection.Low);
        BinaryPrimitives.WriteUInt16LittleEndian(data[16..], connection.Port);
        BinaryPrimitives.WriteUInt16LittleEndian(data[18..], connection.Id);
        BinaryPrimitives.WriteUInt16LittleEndian(data[20..], syn);
        BinaryPrimitives.WriteInt64LittleEndian(data[22..], period);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, data, hash);
        return BinaryPrimitives.ReadUInt16LittleEndian(hash);
    }
}
