using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Discovery;

/// <summary>The query of a request to a tracker, unescaped.</summary>
internal sealed class TrackerQuery
{
    private readonly List<(string Name, byte[] Value)> _parameters = [];

    public TrackerQuery(string target)
    {
        int question = target.IndexOf('?', StringComparison.Ordinal);
        Path = question < 0 ? target : target[..question];
        Target = target;
        if (question < 0)
            return;
        foreach (string part in target[(question + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
                _parameters.Add((part[..equals], Unescape(part.AsSpan(equals + 1))));
        }
    }

    public string Path { get; }

    private string Target { get; }

    /// <summary>Reads an announce; an error text where something that it needs is missing or wrong.</summary>
    public string? TryReadAnnounce(IPAddress from, bool trustsGivenAddress, out TrackerRequest request)
    {
        request = null!;
        if (Find("info_hash") is not { Length: InfoHash.V1Length } infoHash)
            return "info_hash is missing or has not 20 bytes";
        if (Find("peer_id") is not { Length: 20 } peerId)
            return "peer_id is missing or has not 20 bytes";
        if (Number("port") is not (>= 1 and <= 65535 and long port))
            return "port is missing or not from 1 to 65535";
        string? eventText = Text("event");
        if (eventText is not (null or "" or "started" or "completed" or "stopped" or "paused"))
            return "event is none of started, completed and stopped";
        request = new TrackerRequest
        {
            InfoHash = InfoHash.Create(infoHash),
            PeerId = peerId,
            EndPoint = new IPEndPoint(trustsGivenAddress ? GivenAddress() ?? from : from, (int)port),
            Uploaded = Number("uploaded") ?? 0,
            Downloaded = Number("downloaded") ?? 0,
            Left = Number("left"),
            Event = eventText switch
            {
                "started" => AnnounceEvent.Started,
                "completed" => AnnounceEvent.Completed,
                "stopped" => AnnounceEvent.Stopped,
                _ => AnnounceEvent.None,
            },
            NumWant = (int?)Math.Min(Number("numwant") ?? -1, int.MaxValue) is >= 0 and int wanted ? wanted : null,
            IsCompact = Text("compact") != "0",
            NoPeerId = Text("no_peer_id") == "1",
            Target = Target,
        };
        return null;
    }

    /// <summary>The torrents that a scrape asks for.</summary>
    public List<InfoHash> ReadScrape()
    {
        var hashes = new List<InfoHash>();
        foreach ((string name, byte[] value) in _parameters)
        {
            if (name == "info_hash" && value.Length == InfoHash.V1Length)
                hashes.Add(InfoHash.Create(value));
        }
        return hashes;
    }

    private IPAddress? GivenAddress() =>
        IPAddress.TryParse(Text("ipv6") ?? Text("ip") ?? Text("ipv4"), out IPAddress? address)
        && address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 ? address : null;

    private byte[]? Find(string name)
    {
        foreach ((string key, byte[] value) in _parameters)
        {
            if (key == name)
                return value;
        }
        return null;
    }

    private string? Text(string name) => Find(name) is { } value ? Encoding.ASCII.GetString(value) : null;

    private long? Number(string name) =>
        Text(name) is { } text && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;

    private static byte[] Unescape(ReadOnlySpan<char> escaped)
    {
        var bytes = new List<byte>(escaped.Length);
        for (int i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] == '%' && i + 2 < escaped.Length && byte.TryParse(escaped.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
            {
                bytes.Add(value);
                i += 2;
            }
            else
            {
                // '+' stands for a space in forms, and some clients escape that way.
                bytes.Add(escaped[i] == '+' ? (byte)' ' : (byte)escaped[i]);
            }
        }
        return [.. bytes];
    }
}
