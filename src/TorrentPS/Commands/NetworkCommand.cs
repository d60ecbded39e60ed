using System.ComponentModel;
using System.Management.Automation;
using System.Net;
using TorrentPS.Engine;
using TorrentPS.Errors;
using TorrentPS.Sharing;

namespace TorrentPS.Commands;

/// <summary>A cmdlet that uses the network.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class NetworkCommand : TorrentCommand
{
    private NetworkSettings? _network;

    private protected NetworkCommand()
    {
    }

    /// <summary><para type="description">The proxy that all connections go through: socks5://HOST:PORT or http://HOST:PORT. What cannot go through it is off.</para></summary>
    [Parameter(HelpMessage = "The proxy that all connections go through: socks5://HOST:PORT or http://HOST:PORT.")]
    [ValidateNotNull]
    public Uri? Proxy { get; set; }

    /// <summary><para type="description">The user name and password for the proxy.</para></summary>
    [Parameter(HelpMessage = "The user name and password for the proxy.")]
    [Credential]
    public PSCredential? ProxyCredential { get; set; }

    /// <summary>As the parameters say; a terminating error where that cannot be.</summary>
    private protected override NetworkSettings Network => _network ??= new NetworkSettings { Proxy = ReadProxy() };

    private ProxyServer? ReadProxy()
    {
        if (Proxy is null)
        {
            if (ProxyCredential is not null)
                ThrowTerminatingError(ErrorRecords.BadProxy("-ProxyCredential is for a proxy, and there is none: give -Proxy too.", ProxyCredential.UserName, null));
            return null;
        }

        try
        {
            return ProxyServer.Parse(Proxy, ProxyCredential is null ? null : new NetworkCredential(ProxyCredential.UserName, ProxyCredential.Password));
        }
        catch (FormatException exception)
        {
            ThrowTerminatingError(ErrorRecords.BadProxy(exception.Message, Proxy, exception));
            throw;
        }
    }
}
