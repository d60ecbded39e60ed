using System.CommandLine;
using TorrentPS.Cli.Output;
using TorrentPS.Engine;
using TorrentPS.Engine.Net;

namespace TorrentPS.Cli.Commands;

/// <summary>The network options of a command: proxy, binding, IP filter.</summary>
internal sealed class RouteOptions
{
    private readonly Option<ProxyServer?> _proxy = OptionFactory.Proxy();
    private readonly Option<NetworkBinding?> _bind = OptionFactory.Bind();
    private readonly Option<IPFilter?>? _filter;
    private readonly Option<AllowedAddresses?>? _allowed;

    /// <param name="command">The command to add them to.</param>
    /// <param name="hasPeers">Whether it connects to peers.</param>
    public RouteOptions(Command command, bool hasPeers)
    {
        _filter = hasPeers ? OptionFactory.IPFilter() : null;
        _allowed = hasPeers ? OptionFactory.AllowedAddresses() : null;
        foreach (Option? option in new Option?[] { _proxy, _bind, _filter, _allowed })
        {
            if (option is not null)
                command.Options.Add(option);
        }
    }

    /// <summary>Applies the command line to a client's options; reports unreadable lines of a filter.</summary>
    public TorrentClientOptions Apply(TorrentClientOptions options, ParseResult result, Terminal terminal)
    {
        IPFilter? filter = _filter is null ? null : result.GetValue(_filter);
        foreach (string warning in filter?.Warnings ?? [])
            terminal.WriteMessage(warning);
        return options with { Proxy = result.GetValue(_proxy), Binding = result.GetValue(_bind), IPFilter = filter, AllowedAddresses = _allowed is null ? null : result.GetValue(_allowed) };
    }
}
