using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Gateways;

/// <summary>The MAP messages of the Port Control Protocol (RFC 6887, 7 and 11).</summary>
internal static class PcpMessage
{
    /// <summary>The length of a request and of its answer.</summary>
    public const int Length = 60;

    /// <summary>The length of the nonce that identifies an answer.</summary>
    public const int NonceLength = 12;

    /// <summary>The result code of a gateway that supports only other versions.</summary>
    public const int UnsupportedVersion = 1;

    private const byte Version = 2;
    private const byte Map = 1;
    private const byte Answer = 0x80;
    private const int Body = 24;

    /// <summary>Writes a request.</summary>
    /// <param name="request">The port.</param>
    /// <param name="client">Our address towards the gateway.</param>
    /// <param name="nonce">The nonce, which stays the same for a port.</param>
    /// <param name="lifetime">The lifetime; zero removes the mapping.</param>
    public static byte[] Write(PortRequest request, IPAddress client, ReadOnlySpan<byte> nonce, TimeSpan lifetime)
    {
        byte[] message = new byte[Length];
        (message[0], message[1]) = (Version, Map);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(4), (uint)lifetime.TotalSeconds);
        client.MapToIPv6().TryWriteBytes(message.AsSpan(8), out _);
        Span<byte> body = message.AsSpan(Body);
        nonce.CopyTo(body);
        body[12] = (byte)request.Protocol;
        BinaryPrimitives.WriteUInt16BigEndian(body[16..], (ushort)request.Port);
        BinaryPrimitives.WriteUInt16BigEndian(body[18..], (ushort)request.External);
        IPAddress.Any.MapToIPv6().TryWriteBytes(body[20..], out _);
        return message;
    }

    /// <summary>Parses an answer; null if it does not belong to this request.</summary>
    public static GatewayAnswer? Read(ReadOnlySpan<byte> message, PortRequest request, ReadOnlySpan<byte> nonce)
    {
        if (message.Length < 4)
            return null;
        // A gateway that supports only NAT-PMP answers in its format (RFC 6886, 3.5; RFC 6887, 9).
        if (message[0] != Version)
            return message[1] >= Answer ? new GatewayAnswer(UnsupportedVersion) : null;
        if (message.Length < Body || message[1] != (Answer | Map))
            return null;
        // An error may have no further fields.
        int result = message[3];
        if (message.Length < Length)
            return result != 0 ? new GatewayAnswer(result) : null;
        ReadOnlySpan<byte> body = message[Body..];
        if (!body[..NonceLength].SequenceEqual(nonce) || body[12] != (byte)request.Protocol || BinaryPrimitives.ReadUInt16BigEndian(body[16..]) != request.Port)
            return null;
        var address = new IPAddress(body.Slice(20, 16));
        return new GatewayAnswer(result)
        {
            Lifetime = TimeSpan.FromSeconds(BinaryPrimitives.ReadUInt32BigEndian(message[4..])),
            External = BinaryPrimitives.ReadUInt16BigEndian(body[18..]),
            Address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address,
        };
    }

    /// <summary>Describes a result code (RFC 6887, 7.4), as part of a sentence.</summary>
    public static string Describe(int result) => result switch
    {
        2 => "it does not allow it",
        4 or 5 => "it does not map ports",
        7 => "it has no network itself",
        8 => "it has no more ports to give",
        10 => "this machine has as many ports as it gets",
        11 or 13 => "it does not give this port",
        12 => "another router is between",
        _ => $"it refused the request (PCP result {result})",
    };
}
