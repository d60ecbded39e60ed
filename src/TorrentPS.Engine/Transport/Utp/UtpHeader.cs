using System.Buffers.Binary;

namespace TorrentPS.Engine.Transport.Utp;

/// <summary>The header of a packet (BEP 29, "header format").</summary>
/// <param name="Type">The packet type.</param>
/// <param name="ConnectionId">The receiver's connection id; in a SYN, the id for answers to the sender.</param>
/// <param name="Timestamp">When the packet was sent, in microseconds of the sender's clock.</param>
/// <param name="TimestampDifference">The delay of the last packet from the other side, in microseconds between two clocks; 0 if there was none.</param>
/// <param name="WindowSize">The number of bytes that the sender can still receive.</param>
/// <param name="SequenceNumber">The packet's sequence number; for a packet without one, the next number.</param>
/// <param name="AckNumber">The sequence number up to which all packets have arrived.</param>
internal readonly record struct UtpHeader(UtpPacketType Type, ushort ConnectionId, uint Timestamp, uint TimestampDifference, uint WindowSize, ushort SequenceNumber, ushort AckNumber)
{
    /// <summary>The length in bytes without extensions.</summary>
    public const int Length = 20;

    /// <summary>The extension for selective acknowledgement.</summary>
    public const byte SelectiveAckExtension = 1;

    private const int Version = 1;

    /// <summary>Writes the 20 bytes.</summary>
    /// <param name="destination">Receives the bytes.</param>
    /// <param name="extension">The type of the first extension that follows; 0 for none.</param>
    public void Write(Span<byte> destination, byte extension = 0)
    {
        destination[0] = (byte)(((int)Type << 4) | Version);
        destination[1] = extension;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], ConnectionId);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], Timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], TimestampDifference);
        BinaryPrimitives.WriteUInt32BigEndian(destination[12..], WindowSize);
        BinaryPrimitives.WriteUInt16BigEndian(destination[16..], SequenceNumber);
        BinaryPrimitives.WriteUInt16BigEndian(destination[18..], AckNumber);
    }

    /// <summary>Parses a packet; false if it is not a uTP packet.</summary>
    /// <param name="packet">The whole packet.</param>
    /// <param name="header">Its header.</param>
    /// <param name="selectiveAck">The bits of its selective acknowledgement; empty if there is none.</param>
    /// <param name="payload">The data after the header and the extensions.</param>
    public static bool TryRead(ReadOnlySpan<byte> packet, out UtpHeader header, out ReadOnlySpan<byte> selectiveAck, out ReadOnlySpan<byte> payload)
    {
        header = default;
        selectiveAck = payload = default;
        if (packet.Length < Length || (packet[0] & 0x0f) != Version || packet[0] >> 4 > (int)UtpPacketType.Syn)
            return false;
        header = new UtpHeader(
            (UtpPacketType)(packet[0] >> 4),
            BinaryPrimitives.ReadUInt16BigEndian(packet[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(packet[4..]),
            BinaryPrimitives.ReadUInt32BigEndian(packet[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(packet[12..]),
            BinaryPrimitives.ReadUInt16BigEndian(packet[16..]),
            BinaryPrimitives.ReadUInt16BigEndian(packet[18..]));
        byte extension = packet[1];
        ReadOnlySpan<byte> rest = packet[Length..];
        while (extension != 0)
        {
            if (rest.Length < 2 || rest.Length - 2 < rest[1])
                return false;
            // BEP 29 requires groups of 32 bits ("selective ACK"), but libtorrent sends only as many bytes as needed; other extensions are skipped.
            if (extension == SelectiveAckExtension)
                selectiveAck = rest.Slice(2, rest[1]);
            extension = rest[0];
            rest = rest[(2 + rest[1])..];
        }

        payload = rest;
        return true;
    }
}
