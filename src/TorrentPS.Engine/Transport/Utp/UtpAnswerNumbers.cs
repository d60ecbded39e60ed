using System.Buffers.Binary;
using System.Security.Cryptography;

namespace TorrentPS.Engine.Transport.Utp;

/// <summary>
/// The sequence numbers of answers to connection requests: a keyed hash of the request and of the time. They cannot be guessed, so a peer that acknowledges one has
/// recently received our answer, whether or not its connection is remembered.
/// </summary>
internal sealed class UtpAnswerNumbers
{
    private const long Period = 16_000_000; // µs; a number is valid for one to two periods

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    /// <summary>The sequence number of the answer to a SYN.</summary>
    /// <param name="connection">The requested connection.</param>
    /// <param name="syn">The sequence number of the SYN.</param>
    /// <param name="now">The time.</param>
    public ushort Of(UtpAddress connection, ushort syn, long now) => InPeriod(connection, syn, now / Period);

    /// <summary>Whether a SYN was answered with this number.</summary>
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
