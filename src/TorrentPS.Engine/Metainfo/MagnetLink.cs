using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Metainfo;

/// <summary>A magnet link (BEP 9, "magnet URI format"; BEP 52 for v2; BEP 53 for file selection). Immutable.</summary>
public sealed class MagnetLink
{
    private const int MaxLength = 64 * 1024;
    private const int MaxAddresses = 500;
    private const int MaxRanges = 1000;

    private MagnetLink(InfoHash infoHash) => InfoHash = infoHash;

    /// <summary>The info hash of the torrent (<c>xt</c>): v1, v2 or both.</summary>
    public InfoHash InfoHash { get; }

    /// <summary>The suggested name (<c>dn</c>) as in the link: not a safe file name.</summary>
    public string? DisplayName { get; private init; }

    /// <summary>The suggested name, sanitized like that of a .torrent; the info hash if the link has no usable name.</summary>
    public string Name => field ??= SafeName(DisplayName) ?? InfoHash.ToString();

    /// <summary>The size in bytes (<c>xl</c>), if given.</summary>
    public long? Length { get; private init; }

    /// <summary>The trackers (<c>tr</c>), http, https and udp, without duplicates.</summary>
    public IReadOnlyList<Uri> Trackers { get; private set; } = [];

    /// <summary>The web seeds (<c>ws</c>), http and https, without duplicates.</summary>
    public IReadOnlyList<Uri> WebSeeds { get; private init; } = [];

    /// <summary>Peer addresses as host:port (<c>x.pe</c>).</summary>
    public IReadOnlyList<string> Peers { get; private init; } = [];

    /// <summary>The indices of the files to download (<c>so</c>, BEP 53), as inclusive ranges; empty for all files.</summary>
    public IReadOnlyList<(int First, int Last)> SelectedFiles { get; private init; } = [];

    /// <summary>Parses a magnet link.</summary>
    /// <param name="text">The link: <c>magnet:?xt=urn:btih:…</c> or <c>magnet:?xt=urn:btmh:1220…</c>.</param>
    /// <exception cref="TorrentException">The text is not a magnet link, or is too long.</exception>
    public static MagnetLink Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Read(text, out MagnetLink? link) is { } fault ? throw new TorrentException(TorrentErrorId.InvalidMagnetUri, fault) : link!;
    }

    /// <summary>Parses a magnet link; false if the text is not one.</summary>
    /// <param name="text">The link.</param>
    /// <param name="link">The parsed link.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out MagnetLink? link)
    {
        link = null;
        return text is not null && Read(text, out link) is null;
    }

    /// <summary>The magnet link of a torrent: its info hashes, name, size, trackers and web seeds.</summary>
    /// <param name="torrent">The torrent.</param>
    public static MagnetLink FromTorrent(Torrent torrent)
    {
        ArgumentNullException.ThrowIfNull(torrent);
        return new MagnetLink(torrent.InfoHash)
        {
            DisplayName = torrent.Name,
            Length = torrent.Files.Where(file => !file.IsPadding).Sum(file => file.Length),
            Trackers = [.. torrent.Trackers.SelectMany(tier => tier)],
            WebSeeds = [.. torrent.WebSeeds],
        };
    }

    /// <summary>The same link with more trackers before its own.</summary>
    internal MagnetLink WithTrackers(IReadOnlyList<Uri> trackers)
    {
        var link = (MagnetLink)MemberwiseClone();
        link.Trackers = [.. trackers, .. Trackers];
        return link;
    }

    /// <summary>Whether the link selects a file.</summary>
    /// <param name="index">The index of the file in the torrent, from 0.</param>
    public bool IsFileSelected(int index)
    {
        foreach ((int first, int last) in SelectedFiles)
        {
            if (index >= first && index <= last)
                return true;
        }
        return SelectedFiles.Count == 0;
    }

    /// <summary>
    /// The link in canonical form: the hashes in lower-case hexadecimal, the parameters always in the same order. It can be read again: if it would be longer than
    /// 65,536 characters, the name is cut to 255 bytes, and trackers, web seeds and peers that do not fit are left out. It has 500 of each at most.
    /// </summary>
    public override string ToString()
    {
        // The name is only a suggestion, while addresses are useful: the name is shortened first.
        string text = Write(DisplayName, out bool isWhole);
        return isWhole ? text : Write(CutName(DisplayName), out _);
    }

    /// <summary>The link with a name and as many addresses as fit; whether none had to be left out, and the link can be read again.</summary>
    private string Write(string? name, out bool isWhole)
    {
        string selection = Selection();
        var text = new StringBuilder("magnet:?");
        if (InfoHash.HasV1)
            text.Append("xt=urn:btih:").Append(Convert.ToHexStringLower(InfoHash.V1));
        if (InfoHash.HasV2)
            text.Append(InfoHash.HasV1 ? "&" : "").Append("xt=urn:btmh:1220").Append(Convert.ToHexStringLower(InfoHash.V2));
        if (!string.IsNullOrEmpty(name))
            text.Append("&dn=").Append(Uri.EscapeDataString(name));
        if (Length is { } length)
            text.Append(CultureInfo.InvariantCulture, $"&xl={length}");
        bool hasRoom = text.Length + selection.Length <= MaxLength;
        foreach (Uri tracker in Trackers.Take(MaxAddresses))
            Add("&tr=", Uri.EscapeDataString(tracker.OriginalString));
        foreach (Uri seed in WebSeeds.Take(MaxAddresses))
            Add("&ws=", Uri.EscapeDataString(seed.OriginalString));
        foreach (string peer in Peers)
            Add("&x.pe=", peer.Replace("%", "%25", StringComparison.Ordinal)); // the zone of a link-local address
        isWhole = hasRoom;
        return text.Append(selection).ToString();

        void Add(string key, string value)
        {
            if (text.Length + key.Length + value.Length + selection.Length <= MaxLength)
                text.Append(key).Append(value);
            else
                hasRoom = false;
        }
    }

    /// <summary>As much of a name as file systems accept, in whole code points.</summary>
    private static string? CutName(string? name)
    {
        int length = 0, bytes = 0;
        foreach (Rune rune in (name ?? "").EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > MetainfoLimits.ComponentBytes)
                return name![..length];
            length += rune.Utf16SequenceLength;
        }
        return name;
    }

    private string Selection()
    {
        var text = new StringBuilder();
        for (int i = 0; i < SelectedFiles.Count; i++)
        {
            (int first, int last) = SelectedFiles[i];
            text.Append(i == 0 ? "&so=" : ",").Append(CultureInfo.InvariantCulture, $"{first}");
            if (last > first)
                text.Append(CultureInfo.InvariantCulture, $"-{last}");
        }
        return text.ToString();
    }

    private static string? SafeName(string? name)
    {
        var path = new PathBuffer();
        return string.IsNullOrWhiteSpace(name) || PathSanitizer.Append(path, name, isLast: true) is not null ? null : path.ToString();
    }

    // Returns the error, or null.
    private static string? Read(string text, out MagnetLink? link)
    {
        link = null;
        ReadOnlySpan<char> trimmed = text.AsSpan().Trim();
        if (!trimmed.StartsWith("magnet:?", StringComparison.OrdinalIgnoreCase))
            return "A magnet link begins with 'magnet:?'";
        if (trimmed.Length > MaxLength)
            return $"The magnet link has {trimmed.Length} characters, more than the {MaxLength} allowed";
        var parts = new MagnetParts();
        ReadOnlySpan<char> query = trimmed["magnet:?".Length..];
        foreach (Range range in query.Split('&'))
        {
            ReadOnlySpan<char> part = query[range];
            // Links copied from the source of a web page have this prefix.
            if (part.StartsWith("amp;", StringComparison.Ordinal))
                part = part[4..];
            int equals = part.IndexOf('=');
            if (equals <= 0)
                continue;
            if (parts.Add(part[..equals], part[(equals + 1)..]) is { } fault)
                return fault;
        }
        if (parts.V1 is null && parts.V2 is null)
            return "The magnet link has no info hash: 'xt=urn:btih:…' or 'xt=urn:btmh:1220…' is missing";
        link = new MagnetLink(InfoHash.Create(parts.V1, parts.V2))
        {
            DisplayName = parts.Name,
            Length = parts.Length,
            Trackers = parts.Trackers.ToArray(),
            WebSeeds = parts.WebSeeds.ToArray(),
            Peers = parts.Peers.ToArray(),
            SelectedFiles = parts.Selected.ToArray(),
        };
        return null;
    }

    private sealed class MagnetParts
    {
        private readonly HashSet<string> _known = [];

        public byte[]? V1 { get; private set; }

        public byte[]? V2 { get; private set; }

        public string? Name { get; private set; }

        public long? Length { get; private set; }

        public List<Uri> Trackers { get; } = [];

        public List<Uri> WebSeeds { get; } = [];

        public List<string> Peers { get; } = [];

        public List<(int First, int Last)> Selected { get; } = [];

        public string? Add(ReadOnlySpan<char> key, ReadOnlySpan<char> escaped)
        {
            // Several parameters of a kind may be numbered: tr.1, tr.2.
            int dot = key.LastIndexOf('.');
            if (dot > 0 && !key[(dot + 1)..].ContainsAnyExceptInRange('0', '9'))
                key = key[..dot];
            string value = Uri.UnescapeDataString(escaped);
            switch (key)
            {
                case "xt":
                    return AddTopic(value);
                case "dn":
                    Name ??= Uri.UnescapeDataString(escaped.ToString().Replace('+', ' '));
                    break;
                case "xl":
                    if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long length))
                        Length ??= length;
                    break;
                case "tr":
                    if (Trackers.Count < MaxAddresses && MetainfoAddresses.TryTracker(value, out Uri? tracker) && _known.Add($"tr {tracker}"))
                        Trackers.Add(tracker);
                    break;
                case "ws":
                    if (WebSeeds.Count < MaxAddresses && MetainfoAddresses.TryWebSeed(value, out Uri? seed) && _known.Add($"ws {seed}"))
                        WebSeeds.Add(seed);
                    break;
                case "x.pe":
                    value = value.Trim();
                    if (Peers.Count < MaxAddresses && MetainfoAddresses.IsHostAndPort(value) && _known.Add($"pe {value}"))
                        Peers.Add(value);
                    break;
                case "so":
                    AddSelection(value);
                    break;
            }
            return null;
        }

        private string? AddTopic(string value)
        {
            if (value.StartsWith("urn:btih:", StringComparison.OrdinalIgnoreCase))
            {
                byte[]? hash = ReadV1(value.AsSpan(9));
                if (hash is null)
                    return $"The info hash '{MetainfoFault.Show(value.AsSpan(9))}' is neither 40 hexadecimal digits nor 32 of base32";
                if (V1 is not null && !V1.AsSpan().SequenceEqual(hash))
                    return "The magnet link has two different v1 info hashes";
                V1 = hash;
            }
            else if (value.StartsWith("urn:btmh:", StringComparison.OrdinalIgnoreCase))
            {
                // A multihash: 0x12 for SHA-256, 0x20 for 32 bytes.
                ReadOnlySpan<char> digits = value.AsSpan(9);
                if (!digits.StartsWith("1220") || !InfoHash.TryParse(digits[4..].ToString(), out InfoHash hash) || !hash.HasV2)
                    return $"The info hash '{MetainfoFault.Show(digits)}' is not 1220 and 64 hexadecimal digits";
                if (V2 is not null && !hash.V2.SequenceEqual(V2))
                    return "The magnet link has two different v2 info hashes";
                V2 = hash.V2.ToArray();
            }
            return null;
        }

        private static byte[]? ReadV1(ReadOnlySpan<char> text)
        {
            if (text.Length == 2 * InfoHash.V1Length)
                return InfoHash.TryParse(text.ToString(), out InfoHash hash) ? hash.V1.ToArray() : null;
            byte[] bytes = new byte[InfoHash.V1Length];
            return text.Length == 32 && Base32.TryDecode(text, bytes) ? bytes : null;
        }

        private void AddSelection(string value)
        {
            foreach (Range range in value.AsSpan().Split(','))
            {
                ReadOnlySpan<char> part = value.AsSpan(range);
                int dash = part.IndexOf('-');
                bool isRead = int.TryParse(dash < 0 ? part : part[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out int first);
                int last = first;
                if (dash >= 0)
                    isRead &= int.TryParse(part[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out last);
                if (isRead && last >= first && Selected.Count < MaxRanges)
                    Selected.Add((first, last));
            }
        }
    }
}
