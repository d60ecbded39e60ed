using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace TorrentPS.Engine.Tests.Gateways;

/// <summary>A UPnP gateway on loopback that keeps a table of its mappings.</summary>
internal sealed class ScriptedUpnpGateway : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ScriptedPortServer _search;

    public ScriptedUpnpGateway()
    {
        _listener.Start();
        _search = new ScriptedPortServer(request => Encoding.ASCII.GetString(request).StartsWith("M-SEARCH * HTTP/1.1\r\n", StringComparison.Ordinal)
            ? [Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nLOCATION: http://127.0.0.1:{Port}/rootDesc.xml\r\n\r\n")] : []);
        _ = _listener.AcceptAllAsync(socket => _ = ServeAsync(socket));
    }

    public IPEndPoint Search => _search.EndPoint;

    /// <summary>The mappings: protocol and external port to client, internal port and lease.</summary>
    public ConcurrentDictionary<string, string> Table { get; } = [];

    /// <summary>All HTTP requests.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    /// <summary>The actions that were called.</summary>
    public ConcurrentQueue<string> Calls { get; } = [];

    /// <summary>Returns the UPnP error for an action and its arguments; 0 accepts it.</summary>
    public Func<string, int> Refuses { get; init; } = _ => 0;

    /// <summary>The description.</summary>
    public string Description { get; init; } = UpnpDescriptionTests.Description(UpnpDescriptionTests.Service("WANIPConnection:1", "/ctl/IPConn"));

    /// <summary>The answer to every request, in place of the proper one.</summary>
    public string? Babble { get; init; }

    private int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose()
    {
        _listener.Stop();
        _search.Dispose();
    }

    private async Task ServeAsync(Socket socket)
    {
        await using NetworkStream stream = new(socket, ownsSocket: true);
        var text = new StringBuilder();
        byte[] buffer = new byte[8192];
        while (!IsWhole(text.ToString()))
        {
            int count = await stream.ReadAsync(buffer);
            if (count == 0)
                return;
            text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        Asked.Enqueue(text.ToString());
        (int status, string body) = Answer(text.ToString());
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"HTTP/1.1 {status} X\r\nContent-Type: text/xml\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}"));
    }

    private static bool IsWhole(string request)
    {
        int head = request.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (head < 0)
            return false;
        Match length = Regex.Match(request, @"Content-Length: (\d+)");
        return !length.Success || request.Length - head - 4 >= int.Parse(length.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
    }

    private (int Status, string Body) Answer(string request)
    {
        if (Babble is not null)
            return (200, Babble);
        if (request.StartsWith("GET /rootDesc.xml ", StringComparison.Ordinal))
            return (200, Description);
        Match action = Regex.Match(request, "SOAPAction: \"(urn:schemas-upnp-org:service:WAN\\w+:\\d)#(\\w+)\"");
        if (!action.Success || !request.StartsWith("POST /ctl/IPConn ", StringComparison.Ordinal) || !request.Contains($"xmlns:u=\"{action.Groups[1]}\"", StringComparison.Ordinal))
            return (400, "");
        Calls.Enqueue(action.Groups[2].Value);
        int error = Refuses(request);
        if (error != 0)
            return (500, $"<s:Envelope xmlns:s=\"x\"><s:Body><s:Fault><detail><UPnPError xmlns=\"y\"><errorCode>{error}</errorCode></UPnPError></detail></s:Fault></s:Body></s:Envelope>");
        string place = $"{ArgumentOf(request, "NewProtocol")} {ArgumentOf(request, "NewExternalPort")}";
        string result = "";
        switch (action.Groups[2].Value)
        {
            case "AddPortMapping":
                Table[place] = $"{ArgumentOf(request, "NewInternalClient")}:{ArgumentOf(request, "NewInternalPort")} {ArgumentOf(request, "NewLeaseDuration")}";
                break;
            case "DeletePortMapping":
                Table.TryRemove(place, out _);
                break;
            case "GetExternalIPAddress":
                result = "<NewExternalIPAddress>203.0.113.9</NewExternalIPAddress>";
                break;
        }

        return (200, $"<s:Envelope xmlns:s=\"x\"><s:Body><u:R xmlns:u=\"y\">{result}</u:R></s:Body></s:Envelope>");
    }

    public static string ArgumentOf(string request, string name) => Regex.Match(request, $"<{name}>([^<]*)</{name}>").Groups[1].Value;
}
