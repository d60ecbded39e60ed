using System.Buffers;
using System.Net;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Trackers;

/// <summary>
/// A tracker's list of a torrent's peers, written by the tracker and parsed by the client: a bencoded dictionary whose <c>peers</c> are dictionaries of <c>age</c> (seconds since
/// the last announce), <c>ip</c> (4 or 16 bytes), <c>left</c> (missing if unknown), <c>peer id</c> and <c>port</c>.
/// </summary>
internal static class PeerListReply
{
    /// <summary>The path of the list beside that of announces.</summary>
    public const string Path = "/swarm";

    /// <summary>The maximum length of a reply in bytes, for some 40,000 peers.</summary>
    public const int MaxLength = 4 << 20;

    private static readonly BencodeReaderOptions s_limits = new() { MaxDepth = 4, MaxTokens = 1_000_000, MaxDataLength = MaxLength };

    /// <summary>Writes a list.</summary>
    public static void Write(IBufferWriter<byte> output, IEnumerable<ListedPeer> peers)
    {
        var writer = new BencodeWriter(output);
        Span<byte> address = stackalloc byte[16];
        writer.WriteStartDictionary();
        writer.WriteKey("peers"u8);
        writer.WriteStartList();
        foreach (ListedPeer peer in peers)
        {
            peer.EndPoint.Address.TryWriteBytes(address, out int length);
            writer.WriteStartDictionary();
            writer.WriteKey("age"u8);
            writer.WriteInteger((long)peer.Age.TotalSeconds);
            writer.WriteKey("ip"u8);
            writer.WriteString(address[..length]);
            if (peer.Left is { } left)
            {
                writer.WriteKey("left"u8);
                writer.WriteInteger(left);
            }

            writer.WriteKey("peer id"u8);
            writer.WriteString(peer.PeerId);
            writer.WriteKey("port"u8);
            writer.WriteInteger(peer.EndPoint.Port);
            writer.WriteEndDictionary();
        }

        writer.WriteEndList();
        writer.WriteEndDictionary();
    }

    /// <summary>Parses a list; peers without an address are left out.</summary>
    /// <exception cref="Errors.TorrentException"><c>TrackerFailure</c>: the tracker refuses it; <c>TrackerUnreachable</c>: the reply is no such list.</exception>
    public static List<ListedPeer> Read(ReadOnlySpan<byte> reply, Uri tracker)
    {
        if (TrackerReply.TryReadFailure(reply, out ReadOnlySpan<byte> text))
            throw TrackerErrors.Failure(tracker, text);
        var peers = new List<ListedPeer>();
        bool isList = false;
        try
        {
            var reader = new BencodeReader(reply, s_limits);
            reader.Read();
            bool isDictionary = reader.TokenType == BencodeTokenType.StartDictionary;
            while (isDictionary && reader.Read() && reader.TokenType == BencodeTokenType.Key)
            {
                bool isPeers = reader.ValueIsKey("peers"u8);
                reader.Read();
                if (!isPeers || reader.TokenType != BencodeTokenType.StartList)
                {
                    reader.Skip();
                    continue;
                }

                isList = true;
                while (reader.Read() && reader.TokenType == BencodeTokenType.StartDictionary)
                {
                    if (ReadPeer(ref reader) is { } peer)
                        peers.Add(peer);
                }
            }
        }
        catch (BencodeException exception)
        {
            throw TrackerErrors.Unreachable(tracker, $"its list of peers is damaged: {exception.Message.TrimEnd('.')}", exception);
        }

        return isList ? peers : throw TrackerErrors.Unreachable(tracker, "it does not list its peers; only Start-TorrentTracker and 'torrentps tracker' do");
    }

    private static ListedPeer? ReadPeer(ref BencodeReader reader)
    {
        IPAddress? address = null;
        byte[] peerId = [];
        long? left = null;
        long port = 0, age = 0;
        while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
        {
            ReadOnlySpan<byte> key = reader.ValueSpan;
            reader.Read();
            if (reader.TokenType == BencodeTokenType.Integer && key.SequenceEqual("age"u8))
                age = reader.GetInt64();
            else if (reader.TokenType == BencodeTokenType.Integer && key.SequenceEqual("left"u8))
                left = reader.GetInt64();
            else if (reader.TokenType == BencodeTokenType.Integer && key.SequenceEqual("port"u8))
                port = reader.GetInt64();
            else if (reader.TokenType == BencodeTokenType.String && key.SequenceEqual("ip"u8) && reader.ValueSpan.Length is 4 or 16)
                address = new IPAddress(reader.ValueSpan);
            else if (reader.TokenType == BencodeTokenType.String && key.SequenceEqual("peer id"u8))
                peerId = reader.ValueSpan.ToArray();
            else
                reader.Skip();
        }

        return address is null || port is < 1 or > ushort.MaxValue ? null
            : new ListedPeer(new IPEndPoint(address, (int)port), peerId, left is >= 0 ? left : null, TimeSpan.FromSeconds(Math.Clamp(age, 0, int.MaxValue)));
    }
}
