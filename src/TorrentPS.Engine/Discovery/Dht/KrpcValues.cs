using System.Net;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>The peers in an answer to get_peers: compact addresses of either family in one list (BEP 32, "values").</summary>
internal static class KrpcValues
{
    /// <summary>Reads the list of a message that was read; what is no address is passed over.</summary>
    public static List<IPEndPoint> Read(ReadOnlySpan<byte> values)
    {
        var peers = new List<IPEndPoint>();
        if (values.IsEmpty)
            return peers;
        var reader = new BencodeReader(values);
        reader.Read();
        while (reader.Read() && reader.TokenType != BencodeTokenType.EndList)
        {
            if (reader.TokenType != BencodeTokenType.String)
                reader.Skip();
            else if (CompactAddress.Read(reader.ValueSpan) is { } peer)
                peers.Add(peer);
        }

        return peers;
    }
}
