using System.Buffers.Binary;
using System.Net;

namespace TorrentPS.Engine.Wire;

/// <summary>A message by which a peer helps two others to connect that cannot reach each other directly (BEP 55).</summary>
/// <param name="Type">The type of message.</param>
/// <param name="EndPoint">The address of the other peer.</param>
/// <param name="Error">The reason, in an error message.</param>
internal sealed record HolepunchMessage(HolepunchType Type, IPEndPoint EndPoint, HolepunchError Error = HolepunchError.None)
{
    /// <summary>The extension's name in the extension handshake.</summary>
    public const string ExtensionName = "ut_holepunch";

    /// <summary>The id with which peers send it to us.</summary>
    public const byte OwnId = 4;

    private const int FixedLength = 2 + 2 + 4; // type, address family; port; error code

    /// <summary>Parses a message; null if it is invalid.</summary>
    public static HolepunchMessage? Read(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < 2 || payload[0] > (byte)HolepunchType.Error || payload[1] > 1)
            return null;
        int address = payload[1] == 0 ? 4 : 16;
        if (payload.Length < FixedLength + address - 4) // some clients omit the error code if there is no error
            return null;
        var endPoint = new IPEndPoint(new IPAddress(payload.Slice(2, address)), BinaryPrimitives.ReadUInt16BigEndian(payload[(2 + address)..]));
        ReadOnlySpan<byte> error = payload[(4 + address)..];
        return new HolepunchMessage((HolepunchType)payload[0], endPoint, error.Length >= 4 ? (HolepunchError)BinaryPrimitives.ReadUInt32BigEndian(error) : HolepunchError.None);
    }

    public byte[] ToBytes()
    {
        byte[] address = EndPoint.Address.GetAddressBytes();
        byte[] bytes = new byte[FixedLength + address.Length];
        bytes[0] = (byte)Type;
        bytes[1] = (byte)(address.Length == 4 ? 0 : 1);
        address.CopyTo(bytes, 2);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2 + address.Length), (ushort)EndPoint.Port);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4 + address.Length), (uint)Error);
        return bytes;
    }
}
