using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Gateways;

/// <summary>The messages of the NAT Port Mapping Protocol (RFC 6886, 3).</summary>
internal static class NatPmpMessage
{
    private const byte Answer = 128;

    /// <summary>Requests the gateway's external address.</summary>
    public static byte[] WriteAddressRequest() => [0, 0];

    /// <summary>Requests a mapping.</summary>
    /// <param name="request">The port.</param>
    /// <param name="lifetime">The lifetime; zero removes the mapping.</param>
    public static byte[] Write(PortRequest request, TimeSpan lifetime)
    {
        byte[] message = new byte[12];
        message[1] = Operation(request);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(4), (ushort)request.Port);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), (ushort)(lifetime > TimeSpan.Zero ? request.External : 0));
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(8), (uint)lifetime.TotalSeconds);
        return message;
    }

    /// <summary>Parses the answer to <see cref="WriteAddressRequest"/>; null if it is something else.</summary>
    public static GatewayAnswer? ReadAddress(ReadOnlySpan<byte> message)
    {
        if (message.Length < 4 || message[0] != 0 || message[1] != Answer)
            return null;
        int result = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        if (result != 0)
            return new GatewayAnswer(result);
        return message.Length < 12 ? null : new GatewayAnswer(0) { Address = new IPAddress(message.Slice(8, 4)) };
    }

    /// <summary>Parses the answer to a mapping request; null if it is something else.</summary>
    public static GatewayAnswer? Read(ReadOnlySpan<byte> message, PortRequest request)
    {
        if (message.Length < 4 || message[0] != 0 || message[1] != Answer + Operation(request))
            return null;
        int result = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        if (message.Length < 16)
            return result != 0 ? new GatewayAnswer(result) : null;
        if (BinaryPrimitives.ReadUInt16BigEndian(message[8..]) != request.Port)
            return null;
        return new GatewayAnswer(result)
        {
            External = BinaryPrimitives.ReadUInt16BigEndian(message[10..]),
            Lifetime = TimeSpan.FromSeconds(BinaryPrimitives.ReadUInt32BigEndian(message[12..])),
        };
    }

    /// <summary>Describes a result code (RFC 6886, 3.5), as part of a sentence.</summary>
    public static string Describe(int result) => result switch
    {
        2 => "it does not allow it",
        3 => "it has no network itself",
        4 => "it has no more ports to give",
        5 => "it does not map ports",
        _ => $"it refused the request (NAT-PMP result {result})",
    };

    private static byte Operation(PortRequest request) => request.Protocol == ProtocolType.Udp ? (byte)1 : (byte)2;
}
