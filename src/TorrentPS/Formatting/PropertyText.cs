using System.Collections;
using System.ComponentModel;
using System.Management.Automation;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Display;

namespace TorrentPS.Formatting;

/// <summary>
/// The text properties as the module's views show them: text from outside cannot control a terminal (<see cref="SafeText"/>). The properties themselves keep the original
/// text, for scripts. Code properties of the type data, like those of <see cref="DisplayText"/>; not meant for scripts.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class PropertyText
{
    private const int ItemsShown = 5;

    /// <summary>The announce address.</summary>
    /// <param name="instance">A tracker.</param>
    public static string? AnnounceUri(PSObject? instance) => Shown(instance, "AnnounceUri");

    /// <summary>The client of a peer.</summary>
    /// <param name="instance">A handshake.</param>
    public static string? Client(PSObject? instance) => Text(instance, "Client");

    /// <summary>The command line of a job.</summary>
    /// <param name="instance">A job.</param>
    public static string? Command(PSObject? instance) => Text(instance, "Command");

    /// <summary>The comment.</summary>
    /// <param name="instance">A torrent.</param>
    public static string? Comment(PSObject? instance) => Text(instance, "Comment");

    /// <summary>The program that made a torrent.</summary>
    /// <param name="instance">A torrent.</param>
    public static string? CreatedBy(PSObject? instance) => Text(instance, "CreatedBy");

    /// <summary>The folder that contains the data.</summary>
    /// <param name="instance">A torrent.</param>
    public static string? DataFolder(PSObject? instance) => Text(instance, "DataFolder");

    /// <summary>Address and port.</summary>
    /// <param name="instance">An object with an EndPoint.</param>
    public static string? EndPoint(PSObject? instance) => Text(instance, "EndPoint");

    /// <summary>The error.</summary>
    /// <param name="instance">An object with an Error.</param>
    public static string? Error(PSObject? instance) => Text(instance, "Error");

    /// <summary>The full path of a file.</summary>
    /// <param name="instance">A report.</param>
    public static string? FullName(PSObject? instance) => Text(instance, "FullName");

    /// <summary>The info hash.</summary>
    /// <param name="instance">An object with an InfoHash.</param>
    public static string? InfoHash(PSObject? instance) => Text(instance, "InfoHash");

    /// <summary>The v2 info hash.</summary>
    /// <param name="instance">A torrent.</param>
    public static string? InfoHashV2(PSObject? instance) => Text(instance, "InfoHashV2");

    /// <summary>The key of an entry.</summary>
    /// <param name="instance">An entry of bencoded data.</param>
    public static string? Key(PSObject? instance) => Text(instance, "Key");

    /// <summary>The contents of a dictionary or list.</summary>
    /// <param name="instance">A dictionary or a list of bencoded data.</param>
    public static string? Items(PSObject? instance) => instance is null ? null : One(instance.BaseObject);

    /// <summary>The magnet link.</summary>
    /// <param name="instance">A torrent.</param>
    public static string? MagnetUri(PSObject? instance) => Shown(instance, "MagnetUri");

    /// <summary>The name.</summary>
    /// <param name="instance">An object with a Name.</param>
    public static string? Name(PSObject? instance) => Text(instance, "Name");

    /// <summary>The DHT nodes.</summary>
    /// <param name="instance">A torrent.</param>
    public static string? Nodes(PSObject? instance) => List(instance, "Nodes");

    /// <summary>The path.</summary>
    /// <param name="instance">An object with a Path.</param>
    public static string? Path(PSObject? instance) => Shown(instance, "Path");

    /// <summary>The id of a peer.</summary>
    /// <param name="instance">A peer or a handshake.</param>
    public static string? PeerId(PSObject? instance) => Text(instance, "PeerId");

    /// <summary>The kind of a job.</summary>
    /// <param name="instance">A job.</param>
    public static string? PSJobTypeName(PSObject? instance) => Text(instance, "PSJobTypeName");

    /// <summary>The reserved bytes of a handshake.</summary>
    /// <param name="instance">A handshake.</param>
    public static string? Reserved(PSObject? instance) => Text(instance, "Reserved");

    /// <summary>The source key of the torrent.</summary>
    /// <param name="instance">A torrent.</param>
    public static string? Source(PSObject? instance) => Text(instance, "Source");

    /// <summary>The status of a job.</summary>
    /// <param name="instance">A job.</param>
    public static string? StatusMessage(PSObject? instance) => Text(instance, "StatusMessage");

    /// <summary>The name of the torrent.</summary>
    /// <param name="instance">An object with a TorrentName.</param>
    public static string? TorrentName(PSObject? instance) => Text(instance, "TorrentName");

    /// <summary>The tracker that returned a peer.</summary>
    /// <param name="instance">A peer.</param>
    public static string? Tracker(PSObject? instance) => Shown(instance, "Tracker");

    /// <summary>The announce address for UDP.</summary>
    /// <param name="instance">A tracker.</param>
    public static string? UdpAnnounceUri(PSObject? instance) => Shown(instance, "UdpAnnounceUri");

    /// <summary>The address.</summary>
    /// <param name="instance">A tracker of a torrent.</param>
    public static string? Uri(PSObject? instance) => Shown(instance, "Uri");

    /// <summary>The value of an entry; for dictionaries and lists their contents.</summary>
    /// <param name="instance">An entry of bencoded data.</param>
    public static string? Value(PSObject? instance) => instance?.Properties["Value"]?.Value switch
    {
        null => null,
        PSObject { BaseObject: var value } => One(value),
        var value => One(value),
    };

    /// <summary>The web seeds.</summary>
    /// <param name="instance">A torrent.</param>
    public static string? WebSeeds(PSObject? instance) => Plain(instance, "WebSeeds") switch
    {
        null => null,
        IEnumerable and not string and var seeds => SafeText.Escape(string.Join(", ", seeds.Cast<object>().Select(Address))),
        var one => SafeText.Escape(Address(one)),
    };

    /// <summary>The part of an address that is shown to people; not yet safe for a terminal.</summary>
    internal static string Address(object address) => AddressText.Of((address is PSObject wrapped ? wrapped.BaseObject : address) switch
    {
        System.Uri uri => uri.OriginalString,
        var other => $"{other}",
    });

    /// <summary>An address or path property as it is shown; null if there is none.</summary>
    private static string? Shown(PSObject? instance, string property) => Plain(instance, property) is { } address ? SafeText.Escape(Address(address)) : null;

    private static object? Plain(PSObject? instance, string property) => instance?.Properties[property]?.Value is PSObject wrapped ? wrapped.BaseObject : instance?.Properties[property]?.Value;

    /// <summary>A property as safe text; null if there is none.</summary>
    internal static string? Text(PSObject? instance, string property) =>
        instance?.Properties[property]?.Value?.ToString() is { } text ? SafeText.Escape(text) : null;

    private static string? List(PSObject? instance, string property) => instance?.Properties[property]?.Value switch
    {
        null => null,
        PSObject { BaseObject: IEnumerable and not string and var items } => Many(items),
        IEnumerable and not string and var items => Many(items),
        var one => SafeText.Escape(one.ToString()),
    };

    private static string One(object value) => value switch
    {
        ByteString bytes => ByteStringText.Show(bytes),
        string text => SafeText.Escape(text),
        IDictionary dictionary => $"{{{Many(dictionary.Keys)}}}",
        IEnumerable items => $"{{{Many(items)}}}",
        _ => SafeText.Escape(value.ToString()),
    };

    private static string Within(object item) => item is not string and IEnumerable ? "{...}" : One(item);

    private static string Many(IEnumerable items)
    {
        object[] first = [.. items.Cast<object>().Take(ItemsShown + 1)];
        string shown = string.Join(", ", first.Take(ItemsShown).Select(item => Within(item is PSObject wrapped ? wrapped.BaseObject : item)));
        return first.Length > ItemsShown ? $"{shown}, ..." : shown;
    }
}
