using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Wire;

/// <summary>A peer's report of its connected peers (BEP 11): those added and dropped since the previous message.</summary>
internal sealed class PeerExchangeMessage
{
    /// <summary>The extension's name in the extension handshake.</summary>
    public const string ExtensionName = "ut_pex";

    /// <summary>The id with which peers send it to us.</summary>
    public const byte OwnId = 1;

    /// <summary>The maximum number of addresses read from each list; more are ignored. BEP 11 allows 50 of each kind.</summary>
    public const int MaxRead = 100;

    private const int LengthV4 = 6;
    private const int LengthV6 = 18;

    private static readonly BencodeReaderOptions s_limits = new() { MaxTokens = 200, MaxDepth = 10, AllowTrailingData = true };

    /// <summary>The newly connected peers, without duplicates.</summary>
    public IReadOnlyList<ExchangedPeer> Added { get; init; } = [];

    /// <summary>The peers that are no longer connected.</summary>
    public IReadOnlyList<IPEndPoint> Dropped { get; init; } = [];

    /// <summary>Parses a message. Lists of a wrong type or length are skipped as far as possible.</summary>
    /// <exception cref="BencodeException">The message is not a bencoded dictionary, or exceeds a limit.</exception>
    public static PeerExchangeMessage Read(ReadOnlySpan<byte> payload)
    {
        var reader = new BencodeReader(payload, s_limits);
        if (!reader.Read() || reader.TokenType != BencodeTokenType.StartDictionary)
            throw new BencodeException("The peer exchange message is not a dictionary", 0);
        ReadOnlySpan<byte> added = default, flags = default, added6 = default, flags6 = default, dropped = default, dropped6 = default;
        while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
        {
            ReadOnlySpan<byte> key = reader.ValueSpan;
            reader.Read();
            if (reader.TokenType != BencodeTokenType.String)
                reader.Skip();
            else if (key.SequenceEqual("added"u8))
                added = reader.ValueSpan;
            else if (key.SequenceEqual("added.f"u8))
                flags = reader.ValueSpan;
            else if (key.SequenceEqual("added6"u8))
                added6 = reader.ValueSpan;
            else if (key.SequenceEqual("added6.f"u8))
                flags6 = reader.ValueSpan;
            else if (key.SequenceEqual("dropped"u8))
                dropped = reader.ValueSpan;
            else if (key.SequenceEqual("dropped6"u8))
                dropped6 = reader.ValueSpan;
        }

        var seen = new HashSet<IPEndPoint>();
        List<ExchangedPeer> come = [];
        List<IPEndPoint> gone = [];
        ReadAdded(added, LengthV4, flags, seen, come);
        ReadAdded(added6, LengthV6, flags6, seen, come);
        ReadDropped(dropped, LengthV4, seen, gone);
        ReadDropped(dropped6, LengthV6, seen, gone);
        return new PeerExchangeMessage { Added = come, Dropped = gone };
    }

    /// <summary>The bytes of the message. Empty lists are omitted.</summary>
    public byte[] ToBytes()
    {
        var output = new ArrayBufferWriter<byte>(64 + LengthV6 * (Added.Count + Dropped.Count));
        var writer = new BencodeWriter(output);
        writer.WriteStartDictionary();
        WriteAdded(writer, "added"u8, "added.f"u8, AddressFamily.InterNetwork);
        WriteAdded(writer, "added6"u8, "added6.f"u8, AddressFamily.InterNetworkV6);
        WriteDropped(writer, "dropped"u8, AddressFamily.InterNetwork);
        WriteDropped(writer, "dropped6"u8, AddressFamily.InterNetworkV6);
        writer.WriteEndDictionary();
        return output.WrittenSpan.ToArray();
    }

    private static void ReadAdded(ReadOnlySpan<byte> bytes, int length, ReadOnlySpan<byte> flags, HashSet<IPEndPoint> seen, List<ExchangedPeer> peers)
    {
        for (int i = 0; i < MaxRead && (i + 1) * length <= bytes.Length; i++)
        {
            IPEndPoint endPoint = Address(bytes.Slice(i * length, length));
            if (seen.Add(endPoint))
                peers.Add(new ExchangedPeer(endPoint, i < flags.Length ? (PeerExchangeFlags)flags[i] : PeerExchangeFlags.None));
        }
    }

    /// <summary>A peer that is also added is not dropped: the sender is faulty, and adding is the safer reading.</summary>
    private static void ReadDropped(ReadOnlySpan<byte> bytes, int length, HashSet<IPEndPoint> seen, List<IPEndPoint> peers)
    {
        for (int i = 0; i < MaxRead && (i + 1) * length <= bytes.Length; i++)
        {
            IPEndPoint endPoint = Address(bytes.Slice(i * length, length));
            if (seen.Add(endPoint))
                peers.Add(endPoint);
        }
    }

    private static IPEndPoint Address(ReadOnlySpan<byte> bytes) => new(new IPAddress(bytes[..^2]), BinaryPrimitives.ReadUInt16BigEndian(bytes[^2..]));

    private void WriteAdded(BencodeWriter writer, ReadOnlySpan<byte> key, ReadOnlySpan<byte> flagsKey, AddressFamily family)
    {
        List<ExchangedPeer> peers = [.. Added.Where(peer => peer.EndPoint.AddressFamily == family)];
        if (peers.Count == 0)
            return;
        writer.WriteKey(key);
        writer.WriteString(Compact(peers.ConvertAll(peer => peer.EndPoint)));
        writer.WriteKey(flagsKey);
        writer.WriteString(peers.ConvertAll(peer => (byte)peer.Flags).ToArray());
    }

    private void WriteDropped(BencodeWriter writer, ReadOnlySpan<byte> key, AddressFamily family)
    {
        List<IPEndPoint> peers = [.. Dropped.Where(peer => peer.AddressFamily == family)];
        if (peers.Count == 0)
            return;
        writer.WriteKey(key);
        writer.WriteString(Compact(peers));
    }

    private static byte[] Compact(List<IPEndPoint> peers)
    {
        var output = new ArrayBufferWriter<byte>(LengthV6 * peers.Count);
        foreach (IPEndPoint peer in peers)
        {
            Span<byte> span = output.GetSpan(LengthV6);
            peer.Address.TryWriteBytes(span, out int length);
            BinaryPrimitives.WriteUInt16BigEndian(span[length..], (ushort)peer.Port);
            output.Advance(length + 2);
        }

        return output.WrittenSpan.ToArray();
    }
}
