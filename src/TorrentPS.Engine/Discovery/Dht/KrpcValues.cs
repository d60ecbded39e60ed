using System.Net;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>The peers in an answer to get_peers: compact addresses of both families in one list (BEP 32, "values").</summary>
internal static class KrpcValues
{
    /// <summary>Parses the list of a message; invalid addresses are ignored.</summary>
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
