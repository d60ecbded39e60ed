using System.Diagnostics.CodeAnalysis;
using System.Text;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Metainfo;

/// <summary>Reads the trackers, web seeds and nodes of a torrent or magnet link. Invalid addresses are ignored: they do not make a torrent invalid.</summary>
internal static class MetainfoAddresses
{
    /// <summary>The tiers of <c>announce-list</c> (BEP 12). Some programs write a flat list of addresses; then each is a tier.</summary>
    public static List<List<string>> ReadTiers(ref BencodeReader reader)
    {
        var tiers = new List<List<string>>();
        int count = 0;
        reader.Read();
        if (reader.TokenType != BencodeTokenType.StartList)
        {
            reader.Skip();
            return tiers;
        }
        List<string>? tier = null;
        for (int outside = reader.Depth - 1; reader.Depth > outside;)
        {
            reader.Read();
            switch (reader.TokenType)
            {
                case BencodeTokenType.StartList when tier is null:
                    tier = [];
                    break;
                case BencodeTokenType.EndList:
                    if (tier is { Count: > 0 })
                        tiers.Add(tier);
                    tier = null;
                    break;
                case BencodeTokenType.String when ++count <= MetainfoLimits.Addresses && reader.ValueSpan.Length <= MetainfoLimits.AddressBytes:
                    if (tier is null)
                        tiers.Add([reader.GetString()]);
                    else
                        tier.Add(reader.GetString());
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        return tiers;
    }

    /// <summary>The web seeds of <c>url-list</c> (BEP 19): a list, or one string.</summary>
    public static List<Uri> ReadWebSeeds(ref BencodeReader reader)
    {
        var seeds = new List<Uri>();
        var known = new HashSet<Uri>();
        reader.Read();
        if (reader.TokenType == BencodeTokenType.String)
            Add(ref reader);
        if (reader.TokenType != BencodeTokenType.StartList)
        {
            reader.Skip();
            return seeds;
        }
        while (reader.Read() && reader.TokenType != BencodeTokenType.EndList)
        {
            if (reader.TokenType == BencodeTokenType.String)
                Add(ref reader);
            else
                reader.Skip();
        }
        return seeds;

        void Add(ref BencodeReader reader)
        {
            if (known.Count < MetainfoLimits.Addresses && reader.ValueSpan.Length <= MetainfoLimits.AddressBytes
                && TryWebSeed(reader.GetString(), out Uri? uri) && known.Add(uri))
            {
                seeds.Add(uri);
            }
        }
    }

    /// <summary>The DHT nodes of <c>nodes</c> (BEP 5): lists of a host and a port.</summary>
    public static List<string> ReadNodes(ref BencodeReader reader)
    {
        var nodes = new List<string>();
        reader.Read();
        if (reader.TokenType != BencodeTokenType.StartList)
        {
            reader.Skip();
            return nodes;
        }
        while (reader.Read() && reader.TokenType != BencodeTokenType.EndList)
        {
            if (reader.TokenType != BencodeTokenType.StartList)
            {
                reader.Skip();
                continue;
            }
            string? host = null;
            long port = 0;
            while (reader.Read() && reader.TokenType != BencodeTokenType.EndList)
            {
                if (reader.TokenType == BencodeTokenType.String && host is null && reader.ValueSpan.Length <= 255)
                    host = reader.GetString();
                else if (reader.TokenType == BencodeTokenType.Integer && port == 0)
                    port = reader.GetInt64();
                else
                    reader.Skip();
            }
            if (nodes.Count < MetainfoLimits.Addresses && port is > 0 and <= 65535 && PeerAddress.TryCreate(host, (int)port, out PeerAddress node))
                nodes.Add(node.ToString());
        }
        return nodes;
    }

    /// <summary>The trackers by tier, without duplicates; if the list has none, <c>announce</c> is the only tier.</summary>
    public static IReadOnlyList<IReadOnlyList<Uri>> Trackers(List<List<string>>? announceList, ReadOnlySpan<byte> announce)
    {
        var known = new HashSet<Uri>();
        var tiers = new List<Uri[]>();
        foreach (List<string> addresses in announceList ?? [])
        {
            var tier = new List<Uri>(addresses.Count);
            foreach (string address in addresses)
            {
                if (TryTracker(address, out Uri? uri) && known.Add(uri))
                    tier.Add(uri);
            }
            if (tier.Count > 0)
                tiers.Add([.. tier]);
        }
        if (tiers.Count == 0 && announce.Length <= MetainfoLimits.AddressBytes && TryTracker(Encoding.UTF8.GetString(announce), out Uri? single))
            tiers.Add([single]);
        return tiers.ToArray();
    }

    public static bool TryTracker(string address, [NotNullWhen(true)] out Uri? uri) =>
        TryAddress(address, out uri) && TrackerAddress.IsSupported(uri);

    public static bool TryWebSeed(string address, [NotNullWhen(true)] out Uri? uri) =>
        TryAddress(address, out uri) && uri.Scheme is "http" or "https";

    /// <summary>Whether text is host:port, with an IPv6 host in brackets.</summary>
    public static bool IsHostAndPort(string text) => PeerAddress.TryParse(text, out _);

    private static bool TryAddress(string address, [NotNullWhen(true)] out Uri? uri) =>
        UriHost.TryParse(address.Trim(), out uri) && uri.Host.Length > 0 && uri.OriginalString.Length <= MetainfoLimits.AddressBytes;
}
