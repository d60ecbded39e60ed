using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using TorrentPS.Cli.Output;
using TorrentPS.Engine;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.TrackerHosting;

namespace TorrentPS.Cli.Commands;

/// <summary><c>torrentps tracker</c>: a tracker for a local network or a test, until it is stopped.</summary>
internal static class TrackerCommand
{
    private const int DefaultPort = 6969;

    public static Command Create(Terminal terminal)
    {
        Option<IPAddress?> address = OptionFactory.Parsed<IPAddress?>("--address", "IP", "The address to listen on; by default all addresses of this machine.",
            text => IPAddress.TryParse(text, out IPAddress? ip) ? ip : null, "an IP address");
        Option<int?> port = OptionFactory.Number("--port", $"The port to listen on, TCP and UDP ({DefaultPort}); 0 selects any free port.", 0, 65535);
        Option<double?> interval = OptionFactory.Seconds("--interval", "The announce interval for clients (600).");
        Option<string[]?> allow = new("--allow") { HelpName = "TORRENT", Arity = ArgumentArity.OneOrMore, Description = "Serve only this torrent: a .torrent file or an info hash; may be given several times." };
        var trust = new Option<bool>("--trust-announced-address") { Description = "List the address that a client announces instead of the one that it comes from; only for networks where all are trusted." };
        Option<AllowedAddresses?> readers = OptionFactory.SwarmReaders();
        var noHttp = new Option<bool>("--no-http") { Description = "Do not listen for HTTP." };
        var noUdp = new Option<bool>("--no-udp") { Description = "Do not listen for UDP." };
        var command = new Command("tracker", "Run a tracker for a local network or a test, until stopped.") { address, port, interval, allow, trust, readers, noHttp, noUdp };
        command.Validators.Add(result =>
        {
            if (result.GetValue(noHttp) && result.GetValue(noUdp))
                result.AddError("--no-http and --no-udp together leave nothing to listen for.");
        });
        command.SetAction(terminal, async (result, cancellationToken) =>
        {
            IPAddress listen = result.GetValue(address) ?? (Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any);
            TrackerServerOptions options = Options(result.GetValue(interval)) with
            {
                SwarmReaders = result.GetValue(readers),
                TrustsGivenAddress = result.GetValue(trust),
                Http = !result.GetValue(noHttp),
                Udp = !result.GetValue(noUdp),
                AllowedTorrents = await ReadAllowedAsync(result.GetValue(allow), cancellationToken).ConfigureAwait(false),
            };
            await RunAsync(terminal, new IPEndPoint(listen, result.GetValue(port) ?? DefaultPort), options, cancellationToken).ConfigureAwait(false);
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task RunAsync(Terminal terminal, IPEndPoint endPoint, TrackerServerOptions options, CancellationToken cancellationToken)
    {
        await using var log = new TrackerLog(terminal);
        await using TrackerServer tracker = Start(endPoint, options with { OnAnnounce = log.Add, Log = terminal.WriteMessage });
        terminal.WriteLine(tracker.AnnounceUri.ToString());
        if (options.Http && tracker.UdpAnnounceUri is { } udp)
            terminal.WriteLine(udp.ToString());
        terminal.WriteMessage($"Listening on {tracker.EndPoint}; press Ctrl+C to stop");
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            terminal.WriteMessage($"Answered {Quantity.Count((int)Math.Min(tracker.Announces, int.MaxValue), "announce")}; "
                + $"{Quantity.Count(tracker.PeerCount, "peer")} of {Quantity.Count(tracker.TorrentCount, "torrent")} at the end");
        }
    }

    private static TrackerServerOptions Options(double? interval)
    {
        var options = new TrackerServerOptions();
        if (interval is not { } seconds)
            return options;
        var time = TimeSpan.FromSeconds(Math.Clamp(seconds, 1, TimeSpan.FromDays(1).TotalSeconds));
        return options with { Interval = time, MinInterval = time < options.MinInterval ? time : options.MinInterval };
    }

    private static async Task<IReadOnlyCollection<InfoHash>?> ReadAllowedAsync(string[]? allowed, CancellationToken cancellationToken)
    {
        if (allowed is null or [])
            return null;
        var hashes = new List<InfoHash>();
        foreach (string one in allowed)
        {
            if (InfoHash.TryParse(one, out InfoHash hash))
            {
                hashes.Add(hash);
                continue;
            }
            TorrentInfo torrent = await TorrentSource.ReadAsync(one, null, cancellationToken).ConfigureAwait(false);
            if (InfoHash.TryParse(torrent.InfoHashV1, out hash))
                hashes.Add(hash);
            if (InfoHash.TryParse(torrent.InfoHashV2, out hash))
                hashes.Add(hash);
        }
        return hashes;
    }

    private static TrackerServer Start(IPEndPoint endPoint, TrackerServerOptions options)
    {
        try
        {
            return TrackerServer.Start(endPoint, options);
        }
        catch (SocketException e)
        {
            throw new TorrentException(TorrentErrorId.CannotListen, $"Cannot listen on {endPoint} ({e.Message.TrimEnd('.')}); choose another --address or --port", e);
        }
    }
}
