using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FsCheck;
using FsCheck.Xunit;
using TorrentPS.Engine.Discovery.Dht;
using TorrentPS.Engine.Discovery.Local;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Records;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Trackers;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Hostile;

/// <summary>Everything written is read back equal.</summary>
public sealed class CodecRoundTripTests
{
    private const string Base32Digits = "abcdefghijklmnopqrstuvwxyz234567";

    private static readonly Torrent s_torrent = Sample.Make(16, 1, ("a", 100), ("b", 60), ("c", 0)).Torrent;

    [Property]
    public void A_handshake(byte[] hash, byte[] id, bool usesDht)
    {
        byte[] bytes = new byte[Handshake.Length], infoHash = Fit(hash, 20), peerId = Fit(id, 20);
        Handshake.Write(bytes, infoHash, peerId, usesDht);
        Handshake read = Handshake.Read(bytes)!;
        Assert.Equal(infoHash, read.InfoHash);
        Assert.Equal(peerId, read.PeerId);
        Assert.Equal(usesDht, read.SupportsDht);
        Assert.True(read.SupportsExtensions);
    }

    [Property]
    public void An_extension_handshake(byte[] ids, ushort port, NonNegativeInt queue, PositiveInt size, bool isUploadOnly, byte[] address)
    {
        ExtensionHandshake handshake = new()
        {
            Extensions = (ids ?? []).Take(50).Select((id, i) => ($"x{i}", id)).ToDictionary(),
            Port = port == 0 ? null : port,
            RequestQueue = queue.Get,
            MetadataSize = size.Get,
            IsUploadOnly = isUploadOnly,
            YourIP = new IPAddress(Fit(address, isUploadOnly ? 4 : 16)),
            Client = "Example 1",
        };
        ExtensionHandshake read = ExtensionHandshake.Read(handshake.ToBytes());
        Assert.Equal(handshake with { Extensions = read.Extensions }, read);
        Assert.Equal(handshake.Extensions, read.Extensions);
    }

    [Property]
    public void A_metadata_message(byte type, NonNegativeInt piece, PositiveInt size, byte[] data)
    {
        MetadataMessage message = new((MetadataMessageType)(type % 3), piece.Get % (MetadataMessage.MaxSize / MetadataMessage.BlockLength), Math.Min(size.Get, MetadataMessage.MaxSize));
        Assert.Equal(message, MetadataMessage.Read([.. message.ToBytes(), .. data ?? []], out ReadOnlySpan<byte> rest));
        Assert.Equal(data ?? [], rest);
    }

    [Property]
    public void A_peer_exchange_message(byte[][] added, byte[][] dropped)
    {
        HashSet<IPEndPoint> seen = [];
        ExchangedPeer[] come = [.. (added ?? []).Take(50).Select((bytes, i) => new ExchangedPeer(Address(bytes, i % 2 == 0), (PeerExchangeFlags)(i & 31))).Where(peer => seen.Add(peer.EndPoint))];
        IPEndPoint[] gone = [.. (dropped ?? []).Take(50).Select((bytes, i) => Address(bytes, i % 2 == 0)).Where(seen.Add)];
        PeerExchangeMessage read = PeerExchangeMessage.Read(new PeerExchangeMessage { Added = come, Dropped = gone }.ToBytes());
        Assert.Equal(come.OrderBy(peer => peer.EndPoint.AddressFamily), read.Added);
        Assert.Equal(gone.OrderBy(peer => peer.AddressFamily), read.Dropped);
    }

    [Property]
    public void A_packet_of_local_discovery(ushort port, byte[][] hashes, NonNegativeInt cookie)
    {
        InfoHash[] torrents = [.. (hashes ?? []).Append([]).Take(LocalAnnounce.MaxTorrents).Select(hash => InfoHash.Create(Fit(hash, 20)))];
        LocalAnnounce announce = new(port, torrents, cookie.Get % 2 == 0 ? $"{cookie.Get:x}" : null);
        Assert.True(LocalAnnounce.TryRead(announce.ToBytes(AddressFamily.InterNetworkV6), out LocalAnnounce read));
        Assert.Equal((announce.Port, announce.Cookie), (read.Port, read.Cookie));
        Assert.Equal(announce.InfoHashes, read.InfoHashes);
    }

    [Property]
    public void The_file_of_nodes(byte[][] nodes, bool hasId)
    {
        NodeId? id = hasId ? NodeId.Random() : null;
        DhtContact[] v4 = [.. (nodes ?? []).Select(bytes => new DhtContact(NodeId.Read(Fit(bytes, 20)), Address(bytes, true)))], v6 = [.. (nodes ?? []).Select(bytes => new DhtContact(NodeId.Read(Fit(bytes, 20)), Address(bytes, false)))];
        DhtState read = DhtState.Read(new DhtState { IdV4 = id, NodesV4 = v4, NodesV6 = v6 }.Write())!;
        Assert.Equal((id, null), (read.IdV4, read.IdV6));
        Assert.Equal(v4, read.NodesV4);
        Assert.Equal(v6, read.NodesV6);
    }

    [Property]
    public void A_resume_record(int pieces, bool first, bool second, bool third, long size, long time, NonNull<string> boot)
    {
        Bitfield have = new(s_torrent.PieceCount);
        for (int i = 0; i < s_torrent.PieceCount; i++)
        {
            if ((pieces >> i & 1) != 0)
                have.Add(i);
        }

        string text = new([.. boot.Get.Where(c => !char.IsSurrogate(c))]);
        ResumeRecord record = new(have, [first, second, third], [size, 1, -1, long.MinValue], [time, 0, long.MaxValue, -1], text);
        byte[] bytes = record.Encode(s_torrent.InfoHash);
        Assert.True(bytes.Length <= ResumeRecord.MaxLength(s_torrent) + 3 * text.Length);
        ResumeRecord read = ResumeRecord.Decode(bytes, s_torrent)!;
        Assert.Equal(have.Bytes, read.Have.Bytes);
        Assert.Equal(record.Selection, read.Selection);
        Assert.Equal(record.Sizes, read.Sizes);
        Assert.Equal(record.Times, read.Times);
        Assert.Equal(text, read.Boot);
    }

    [Property]
    public void Digits_of_base32(byte[] bytes)
    {
        byte[] hash = Fit(bytes, 20), read = new byte[20];
        StringBuilder text = new();
        for (int bit = 0; bit < 160; bit += 5)
            text.Append(Base32Digits[(hash[bit / 8] << 8 | (bit / 8 + 1 < 20 ? hash[bit / 8 + 1] : 0)) >> (11 - bit % 8) & 31]);
        Assert.True(Base32.TryDecode(text.ToString(), read));
        Assert.Equal(hash, read);
        Assert.True(Base32.TryDecode(text.ToString().ToUpperInvariant(), read));
        Assert.Equal(hash, read);
    }

    [Property]
    public void Any_text_as_base32_is_read_when_all_of_it_is_digits(NonNull<string> text)
    {
        bool isBase32 = text.Get.Length % 8 == 0 && text.Get.All(c => char.IsAsciiLetter(c) || c is >= '2' and <= '7');
        Assert.Equal(isBase32, Base32.TryDecode(text.Get, new byte[text.Get.Length * 5 / 8]));
    }

    [Property]
    public void A_magnet_link(byte[] v1, byte[] v2, NonNull<string> name, long length, ushort port)
    {
        string display = new([.. name.Get.Where(c => !char.IsSurrogate(c))]);
        string link = $"magnet:?xt=urn:btih:{Convert.ToHexString(Fit(v1, 20))}&xt=urn:btmh:1220{Convert.ToHexString(Fit(v2, 32))}&dn={Uri.EscapeDataString(display)}&xl={length & long.MaxValue}"
            + $"&tr=udp%3A%2F%2Fa.example%3A{Math.Max(1, (int)port)}&x.pe=192.0.2.1:{Math.Max(1, (int)port)}&so=1,3-5";
        MagnetLink read = MagnetLink.Parse(link), again = MagnetLink.Parse(read.ToString());
        Assert.Equal(read.ToString(), again.ToString());
        Assert.Equal(Fit(v1, 20), again.InfoHash.V1);
        Assert.Equal(Fit(v2, 32), again.InfoHash.V2);
        Assert.Equal(length & long.MaxValue, again.Length);
        Assert.Equal(display, again.DisplayName ?? "");
    }

    [Property]
    public void An_HTTP_reply_however_it_is_sent(byte[] content, byte encoding, bool isChunked, PositiveInt pace)
    {
        byte[] body = [(byte)'d', .. content ?? []];
        MemoryStream packed = new();
        using (Stream stream = (encoding % 4) switch
        {
            0 => new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            1 => new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            2 => new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            _ => new BufferedStream(packed, 1),
        })
        {
            stream.Write(body);
            stream.Flush();
        }

        string header = (encoding % 4) switch { 0 => "Content-Encoding: gzip\r\n", 1 or 2 => "Content-Encoding: deflate\r\n", _ => "" };
        byte[] sent = encoding % 4 == 3 ? body : packed.ToArray();
        byte[] framed = isChunked ? [.. sent.Chunk(7).SelectMany(chunk => (byte[])[.. Encoding.ASCII.GetBytes($"{chunk.Length:x}\r\n"), .. chunk, .. "\r\n"u8]), .. "0\r\n\r\n"u8] : sent;
        byte[] reply = [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{header}{(isChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {sent.Length}")}\r\n\r\n"), .. framed];

        HttpReplyParser parser = new(HttpTracker.MaxReplyLength);
        ReadOnlySpan<byte> left = reply;
        bool isWhole = false;
        while (!isWhole)
        {
            int count = Math.Min(Math.Min(pace.Get, left.Length), parser.Free.Length);
            left[..count].CopyTo(parser.Free.Span);
            left = left[count..];
            isWhole = parser.Advance(count);
        }

        Assert.Equal(body, parser.Reply(IPAddress.Loopback).Body);
    }

    private static byte[] Fit(byte[]? bytes, int length)
    {
        byte[] fitted = new byte[length];
        (bytes ?? []).AsSpan(0, Math.Min(bytes?.Length ?? 0, length)).CopyTo(fitted);
        return fitted;
    }

    private static IPEndPoint Address(byte[]? bytes, bool isV4)
    {
        byte[] fitted = Fit(bytes, isV4 ? 6 : 18);
        return new IPEndPoint(new IPAddress(fitted.AsSpan(2)), fitted[0] << 8 | fitted[1]);
    }
}
