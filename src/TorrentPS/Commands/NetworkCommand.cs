using System.ComponentModel;
using System.Management.Automation;
using System.Net;
using Microsoft.PowerShell.Commands;
using TorrentPS.Completion;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Values;
using TorrentPS.Formatting;
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

    /// <summary><para type="description">The proxy for all connections: socks5://HOST:PORT or http://HOST:PORT. Traffic that cannot use it is disabled.</para></summary>
    [Parameter(HelpMessage = "The proxy for all connections: socks5://HOST:PORT or http://HOST:PORT.")]
    [ValidateNotNull]
    public Uri? Proxy { get; set; }

    /// <summary><para type="description">The user name and password for the proxy.</para></summary>
    [Parameter(HelpMessage = "The user name and password for the proxy.")]
    [Credential]
    public PSCredential? ProxyCredential { get; set; }

    /// <summary><para type="description">The only IP address or network interface of this machine to use, for sending and listening.</para></summary>
    [Parameter(HelpMessage = "The only IP address or network interface of this machine to use.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(LocalNetworkCompleter))]
    public string? BindAddress { get; set; }

    /// <summary>The settings from the parameters; a terminating error if they are invalid.</summary>
    private protected override NetworkSettings Network => _network ??= new NetworkSettings { Proxy = ReadProxy(), Binding = ReadBinding(), MapsPorts = MapsPorts, Filter = ReadFilter(), Allowed = AllowedNetworks.Length > 0 ? AllowedAddresses.Parse(AllowedNetworks) : null, AnnounceAddress = AnnouncedAddress, TrafficClass = PacketClass };

    /// <summary>Whether to map the port, in cmdlets that accept peer connections.</summary>
    private protected virtual bool MapsPorts => false;

    /// <summary>The IP block-list files, in cmdlets that connect to peers.</summary>
    private protected virtual string[] FilterPaths => [];

    /// <summary>The only networks of peers, for cmdlets that use peers; empty allows all.</summary>
    private protected virtual string[] AllowedNetworks => [];

    /// <summary>The address announced to trackers, for cmdlets that announce; null for none.</summary>
    private protected virtual IPAddress? AnnouncedAddress => null;

    /// <summary>The traffic class of packets, for cmdlets that transfer data; null leaves them unmarked.</summary>
    private protected virtual TrafficClass? PacketClass => null;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        // The filter and the binding must be valid before the first address is contacted.
        if (FilterPaths.Length > 0 || BindAddress is not null)
            _ = Network;
    }

    private IPFilter? ReadFilter()
    {
        if (FilterPaths.Length == 0)
            return null;
        try
        {
            IPFilter filter = SharedFilters.Get(Array.ConvertAll(FilterPaths, ResolveFilter), out bool isNew);
            foreach (string warning in filter.Warnings)
                WriteWarning(warning);
            WriteVerbose($"The IP filter blocks {filter.RangeCount} ranges of addresses{(isNew ? "" : ", as read before")}");
            return filter;
        }
        catch (TorrentException exception)
        {
            ThrowTerminatingError(ErrorRecords.From(exception, FilterPaths));
            throw;
        }
    }

    private string ResolveFilter(string path)
    {
        try
        {
            string resolved = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
            if (provider.ImplementingType != typeof(FileSystemProvider))
                throw new TorrentException(TorrentErrorId.InvalidIPFilter, $"The IP filter '{path}' is on the {provider.Name} provider. Give -IPFilter files of a file system.");
            return resolved;
        }
        catch (Exception exception) when (exception is SessionStateException or ProviderInvocationException or PSArgumentException)
        {
            throw new TorrentException(TorrentErrorId.InvalidIPFilter, $"There is no IP filter '{path}': {exception.Message}", exception);
        }
    }

    private NetworkBinding? ReadBinding()
    {
        if (BindAddress is null)
            return null;
        try
        {
            return NetworkBinding.Parse(BindAddress);
        }
        catch (FormatException exception)
        {
            ThrowTerminatingError(ErrorRecords.BadBindAddress(exception.Message, BindAddress, exception));
            throw;
        }
    }

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
