using System.Xml;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Gateways;

/// <summary>The part of a device's description (UPnP Device Architecture 1.1, 2.3) that matters here: the port mapping service and its control address.</summary>
internal static class UpnpDescription
{
    /// <summary>The maximum length of a description, or of an answer of the service, in bytes.</summary>
    public const int MaxLength = 256 * 1024;

    private const int MaxDepth = 32;
    private const int MaxText = 1024;

    private static readonly string[] s_services =
    [
        "urn:schemas-upnp-org:service:WANIPConnection:2",
        "urn:schemas-upnp-org:service:WANIPConnection:1",
        "urn:schemas-upnp-org:service:WANPPPConnection:1",
    ];

    /// <summary>The search targets of gateways.</summary>
    public static string[] SearchTargets { get; } =
        ["urn:schemas-upnp-org:device:InternetGatewayDevice:1", "urn:schemas-upnp-org:device:InternetGatewayDevice:2", .. s_services];

    /// <summary>Finds the service; null if there is none, or its control address is not on the device.</summary>
    /// <exception cref="XmlException">The text is not XML, declares a document type, or exceeds a limit.</exception>
    public static (string Service, Uri Control)? Read(ReadOnlyMemory<byte> xml, Uri location)
    {
        (int Rank, string Service, Uri Control)? best = null;
        string? service = null;
        string? control = null;
        Walk(xml, (name, text, isEnd) =>
        {
            if (name == "service" && isEnd)
            {
                int rank = Array.IndexOf(s_services, service);
                if (rank >= 0 && (best is null || rank < best.Value.Rank) && Uri.TryCreate(location, control, out Uri? uri) && uri.Scheme == "http" && UriHost.Of(uri) == UriHost.Of(location))
                    best = (rank, service!, uri);
                (service, control) = (null, null);
            }
            else if (name == "serviceType")
            {
                service = text ?? service;
            }
            else if (name == "controlURL")
            {
                control = text ?? control;
            }
        });
        return best is { } found ? (found.Service, found.Control) : null;
    }

    /// <summary>The text of the first element with a name in an answer of the service; null if there is none.</summary>
    /// <exception cref="XmlException">The text is not XML, declares a document type, or exceeds a limit.</exception>
    public static string? Find(ReadOnlyMemory<byte> xml, string element)
    {
        string? found = null;
        Walk(xml, (name, text, _) =>
        {
            if (name == element)
                found ??= text;
        });
        return found;
    }

    /// <summary>Walks over the elements: reports the text of each that has one, and the end of each.</summary>
    private static void Walk(ReadOnlyMemory<byte> xml, Action<string, string?, bool> element)
    {
        // No document type, so no entity definitions; nothing is fetched.
        var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MaxLength, IgnoreComments = true, IgnoreProcessingInstructions = true };
        using var reader = XmlReader.Create(new MemoryStream(xml.ToArray(), writable: false), settings);
        var names = new Stack<string>();
        while (reader.Read())
        {
            if (reader.Depth > MaxDepth)
                throw new XmlException("It is nested too deeply.");
            switch (reader.NodeType)
            {
                case XmlNodeType.Element when reader.IsEmptyElement:
                    element(reader.LocalName, null, true);
                    break;
                case XmlNodeType.Element:
                    names.Push(reader.LocalName);
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA when names.Count > 0 && reader.Value.Length <= MaxText:
                    element(names.Peek(), reader.Value.Trim(), false);
                    break;
                case XmlNodeType.EndElement:
                    element(names.Pop(), null, true);
                    break;
            }
        }
    }
}
