using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Trackers;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Values;

namespace TorrentPS.Cli.Commands;

/// <summary>Options that several commands share, with parsers that report invalid values.</summary>
internal static class OptionFactory
{
    // A timer accepts at most 2^32 - 2 milliseconds, a little less than fifty days.
    private const double LongestSeconds = 4_000_000;

    public static Argument<string> Source() => new("SOURCE") { Description = "Path or http(s) address of a .torrent, or a magnet link." };

    /// <summary>An argument with any number of values would accept a mistyped option as one of them.</summary>
    public static void RefuseUnknownOptions(ArgumentResult result)
    {
        foreach (Token token in result.Tokens)
        {
            if (token.Value is ['-', _, ..] && !File.Exists(token.Value))
                result.AddError($"Unrecognized option '{token.Value}'.");
        }
    }

    public static Option<bool> Json() => new("--json") { Description = "Print one JSON object per line on standard output, and nothing else." };

    public static Option<bool> AllowPrivateTracker() =>
        new("--allow-private-tracker") { Description = "Allow trackers that lead into the local network; those given by address or local name are always allowed." };

    public static Option<double?> Seconds(string name, string description, bool zero = false) =>
        Parsed<double?>(name, "SECONDS", description, text =>
            double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
            && seconds <= LongestSeconds && (seconds > 0 || (zero && seconds == 0)) ? seconds : null,
            string.Create(CultureInfo.InvariantCulture, $"a number of seconds {(zero ? "from 0" : "above 0")} to {LongestSeconds:0}"));

    public static Option<long?> Rate(string name, string description) =>
        Parsed<long?>(name, "RATE", description, text => ByteRate.TryParse(text, out ByteRate rate) ? rate.BytesPerSecond : null,
            "a number of bytes a second, such as 500KB, 5MB or 1MiB");

    public static Option<int?> Number(string name, string description, int minimum, int maximum) =>
        Parsed<int?>(name, "N", description, text =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= minimum && number <= maximum ? number : null,
            $"a number from {minimum} to {maximum}");

    public static Option<double?> Ratio() =>
        Parsed<double?>("--seed-ratio", "R", "Upload until this ratio of uploaded bytes to the size of the data is reached.", text =>
            double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double ratio) && double.IsFinite(ratio) ? ratio : null,
            "a number from 0");

    public static Option<EncryptionMode?> Encryption() =>
        Parsed<EncryptionMode?>("--encryption", "prefer|require|off", "Whether peer connections are encrypted; the default, prefer, allows both kinds.", text =>
            text.ToLowerInvariant() switch
            {
                "prefer" => EncryptionMode.Prefer,
                "require" => EncryptionMode.Require,
                "off" => EncryptionMode.Off,
                _ => null,
            },
            "prefer, require or off");

    public static Option<ProxyServer?> Proxy() => new("--proxy")
    {
        HelpName = "URI",
        Description = "The proxy for all connections, socks5://[USER:PASSWORD@]HOST:PORT or http://...; traffic that cannot use it is disabled.",
        CustomParser = result =>
        {
            try
            {
                return ProxyServer.Parse(new Uri(result.Tokens[^1].Value, UriKind.RelativeOrAbsolute));
            }
            catch (FormatException e)
            {
                result.AddError(e.Message);
                return null;
            }
        },
    };

    public static Option<NetworkBinding?> Bind() => new("--bind")
    {
        HelpName = "ADDRESS",
        Description = "Use only this address or network interface of this machine, to send and to listen.",
        CustomParser = result =>
        {
            try
            {
                return NetworkBinding.Parse(result.Tokens[^1].Value);
            }
            catch (FormatException e)
            {
                result.AddError(e.Message);
                return null;
            }
        },
    };

    public static Option<AllowedAddresses?> AllowedAddresses() => Written("--allow-from", "NETWORK",
        "Connect to and accept only peers in this network: an address, a range or a prefix such as 192.168.0.0/16; may be given several times.",
        texts => Engine.Net.AllowedAddresses.Parse(texts), ArgumentArity.OneOrMore);

    public static Option<AllowedAddresses?> SwarmReaders() => Written("--swarm-from", "NETWORK",
        "A network whose machines may list peers with 'torrentps swarm'; by default this machine and local networks; may be given several times.",
        texts => Engine.Net.AllowedAddresses.Parse(texts), ArgumentArity.OneOrMore);

    public static Option<IPAddress?> AnnounceAddress() => Written("--announce-address", "IP",
        "The IP address by which peers reach this machine, for trackers to list; many trackers ignore it.", texts => AnnouncedAddress.Parse(texts[^1]));

    public static Option<TrafficClass?> TrafficClass() => Written<TrafficClass?>("--traffic-class", "DSCP",
        "Mark packets with this traffic class: a number from 0 to 63, or a name such as LE, CS1 or AF11.", texts => Engine.Values.TrafficClass.Parse(texts[^1]));

    public static Option<Uri[]?> WebSeeds(string description) =>
        Written<Uri[]>("--web-seed", "URI", description, texts => Array.ConvertAll(texts, WebAddress.Parse), ArgumentArity.OneOrMore);

    /// <summary>An option whose value is parsed by a function, which explains the flaw of an invalid one.</summary>
    private static Option<T?> Written<T>(string name, string helpName, string description, Func<string[], T> read, ArgumentArity? arity = null) => new(name)
    {
        HelpName = helpName,
        Description = description,
        Arity = arity ?? ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            try
            {
                return read([.. result.Tokens.Select(token => token.Value)]);
            }
            catch (FormatException e)
            {
                result.AddError(e.Message);
                return default;
            }
        },
    };

    public static Option<IPFilter?> IPFilter() => new("--ip-filter")
    {
        HelpName = "FILE",
        Description = "IP block-list file: p2p, dat or CIDR lines, plain or gzip; may be given several times.",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result =>
        {
            try
            {
                return Engine.Net.IPFilter.Load(result.Tokens.Select(token => token.Value));
            }
            catch (TorrentException e)
            {
                result.AddError($"{e.ErrorId}: {e.Message}");
                return null;
            }
        },
    };

    public static Option<InfoHash?> InfoHashOption() =>
        Parsed<InfoHash?>("--info-hash", "HEX", "The info hash to ask peers for.", text => InfoHash.TryParse(text, out InfoHash infoHash) ? infoHash : null,
            "40 (v1) or 64 (v2) hexadecimal digits");

    public static Option<InfoHash[]?> InfoHashes(string name, string description) =>
        ParsedMany(name, "HEX", description, text => InfoHash.TryParse(text, out InfoHash infoHash) ? infoHash : (InfoHash?)null, "40 (v1) or 64 (v2) hexadecimal digits");

    public static Option<PeerAddress[]?> Peers(string description) =>
        ParsedMany("--peer", "HOST:PORT", description, text => PeerAddress.TryParse(text, out PeerAddress peer) ? peer : (PeerAddress?)null,
            "an address and a port, such as 192.0.2.1:6881 or [2001:db8::1]:6881");

    public static Option<Uri[]?> Uris(string name, string description) =>
        ParsedMany(name, "URI", description, text => UriHost.TryParse(text, out Uri? uri) ? new Wrapped<Uri>(uri) : (Wrapped<Uri>?)null,
            "an address such as http://tracker.example/announce", wrapped => wrapped.Value);

    /// <summary>Announce addresses of supported trackers.</summary>
    public static Option<Uri[]?> Trackers(string name, string description) =>
        ParsedMany(name, "URI", description, text => UriHost.TryParse(text, out Uri? uri) && TrackerAddress.IsSupported(uri) ? new Wrapped<Uri>(uri) : (Wrapped<Uri>?)null,
            "an announce address such as http://tracker.example/announce or udp://tracker.example:6969", wrapped => wrapped.Value);

    public static Option<string[]?> Globs(string name, string description) =>
        new(name) { Description = description, HelpName = "GLOB", Arity = ArgumentArity.OneOrMore };

    /// <summary>An option whose value is parsed by a function that returns null for invalid text.</summary>
    public static Option<T?> Parsed<T>(string name, string helpName, string description, Func<string, T?> read, string expected) => new(name)
    {
        HelpName = helpName,
        Description = description,
        CustomParser = result => Read(result, result.Tokens[^1], name, read, expected),
    };

    private static Option<T[]?> ParsedMany<T>(string name, string helpName, string description, Func<string, T?> read, string expected)
        where T : struct => ParsedMany(name, helpName, description, read, expected, value => value);

    private static Option<TResult[]?> ParsedMany<T, TResult>(string name, string helpName, string description, Func<string, T?> read, string expected, Func<T, TResult> convert)
        where T : struct => new(name)
        {
            HelpName = helpName,
            Description = description,
            Arity = ArgumentArity.OneOrMore,
            CustomParser = result =>
            {
                var values = new List<TResult>(result.Tokens.Count);
                foreach (Token token in result.Tokens)
                {
                    if (Read(result, token, name, read, expected) is { } value)
                        values.Add(convert(value));
                }
                return [.. values];
            },
        };

    private static T? Read<T>(ArgumentResult result, Token token, string name, Func<string, T?> read, string expected)
    {
        T? value = read(token.Value);
        if (value is null)
            result.AddError($"'{token.Value}' is not a value for {name}: give {expected}.");
        return value;
    }

    private readonly record struct Wrapped<T>(T Value);
}
