using System.CommandLine;
using System.Globalization;
using TorrentPS.Cli.Output;
using TorrentPS.Engine;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Cli.Commands;

/// <summary><c>torrentps swarm SOURCE</c>: the machines of a swarm and how much each has.</summary>
internal static class SwarmCommand
{
    private const int MaxMachines = 1_000_000;

    public static Command Create(Terminal terminal)
    {
        Argument<string> source = OptionFactory.Source();
        Option<bool> json = OptionFactory.Json();
        Option<Uri[]?> trackers = OptionFactory.Trackers("--tracker", "The tracker to ask instead of the torrent's own: an announce address of 'torrentps tracker'; may be given several times.");
        Option<int?> until = OptionFactory.Number("--until", "Wait until this many machines have complete data.", 1, MaxMachines);
        Option<double?> timeout = OptionFactory.Seconds("--timeout", "How long to wait for the tracker's answer (15), or with --until for the machines (no limit).");
        var command = new Command("swarm", "List the machines of a torrent's swarm and how much each has, from a tracker of torrentps.") { source, json, trackers, until, timeout };
        var route = new RouteOptions(command, hasPeers: false);
        command.SetAction(terminal, (result, cancellationToken) =>
        {
            string name = result.GetRequiredValue(source);
            TimeSpan? limit = result.GetValue(timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
            var options = new SwarmQueryOptions { Trackers = result.GetValue(trackers) ?? [], Until = result.GetValue(until) };
            options = options.Until is null ? options with { Timeout = limit ?? options.Timeout } : options with { UntilTimeout = limit };
            TorrentClientOptions client = route.Apply(TransferOptions.UserClient(), result, terminal);
            return CommandAction.RunAsync(terminal, () => RunAsync(terminal, client, name, options, result.GetValue(json), cancellationToken), cancellationToken, name);
        });
        return command;
    }

    private static async Task<ExitCode> RunAsync(Terminal terminal, TorrentClientOptions clientOptions, string source, SwarmQueryOptions options, bool json, CancellationToken cancellationToken)
    {
        await using var client = new TorrentClient(clientOptions);
        TorrentInfo torrent = await TorrentSource.ReadAsync(client, source, cancellationToken).ConfigureAwait(false);
        TorrentSwarm swarm = await client.GetSwarmAsync(torrent, options, cancellationToken).ConfigureAwait(false);
        foreach (TorrentSwarmPeer peer in swarm.Peers)
            terminal.WriteLine(json ? JsonLines.Line(peer, JsonLines.Default.TorrentSwarmPeer) : Describe(peer));
        if (swarm.IsTimedOut)
            throw new TorrentException(TorrentErrorId.DownloadTimedOut, swarm.Missed(torrent.Name, options.Until!.Value, options.UntilTimeout!.Value));
        if (!json)
            terminal.WriteMessage($"{swarm.CompleteCount} of {Quantity.Count(swarm.Peers.Count, "machine")} complete");
        return ExitCode.Done;
    }

    private static string Describe(TorrentSwarmPeer peer) => string.Create(CultureInfo.InvariantCulture,
        $"{peer.EndPoint,-47} {(peer.PercentComplete is { } percent ? Quantity.Percent(percent) : ""),8} {Quantity.Size(peer.BytesLeft),11}  {peer.LastSeen:HH:mm:ss}  {peer.Client ?? "unknown client"}");
}
