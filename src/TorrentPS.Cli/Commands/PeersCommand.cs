using System.CommandLine;
using TorrentPS.Cli.Output;
using TorrentPS.Engine;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Cli.Commands;

/// <summary><c>torrentps peers SOURCE</c>: lists the peers of a torrent as they are found.</summary>
internal static class PeersCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> source = OptionFactory.Source();
        Option<bool> json = OptionFactory.Json();
        Option<double?> timeout = OptionFactory.Seconds("--timeout", "How long to wait for answers (15).");
        Option<Uri[]?> trackers = OptionFactory.Uris("--tracker", "Ask only this tracker; may be given several times.");
        Option<bool> allowPrivate = OptionFactory.AllowPrivateTracker();
        var command = new Command("peers", "List the peers of a torrent, from trackers and the DHT.") { source, json, timeout, trackers, allowPrivate };
        var route = new RouteOptions(command, hasPeers: true);
        command.SetAction(terminal, (result, cancellationToken) =>
        {
            string name = result.GetRequiredValue(source);
            PeerSearchOptions options = SearchOptions(terminal, result.GetValue(timeout), result.GetValue(trackers));
            bool asJson = result.GetValue(json);
            TorrentClientOptions client = route.Apply(TransferOptions.UserClient(), result, terminal) with { AllowPrivateTrackers = result.GetValue(allowPrivate) ? true : null };
            return CommandAction.RunAsync(terminal, () => RunAsync(terminal, client, name, options, asJson, cancellationToken), cancellationToken, name);
        });
        return command;
    }

    public static PeerSearchOptions SearchOptions(Terminal terminal, double? timeout, Uri[]? trackers)
    {
        var options = new PeerSearchOptions { Trackers = trackers ?? [], OnError = error => terminal.WriteError(error) };
        return timeout is { } seconds ? options with { Timeout = TimeSpan.FromSeconds(seconds) } : options;
    }

    private static async Task<ExitCode> RunAsync(Terminal terminal, TorrentClientOptions clientOptions, string source, PeerSearchOptions options, bool json, CancellationToken cancellationToken)
    {
        await using var client = new TorrentClient(clientOptions);
        TorrentInfo torrent = await TorrentSource.ReadAsync(client, source, cancellationToken).ConfigureAwait(false);
        int count = 0;
        await foreach (TorrentPeer peer in client.FindPeersAsync(torrent, options, cancellationToken).ConfigureAwait(false))
        {
            count++;
            terminal.WriteLine(json ? JsonLines.Line(peer, JsonLines.Default.TorrentPeer) : Describe(peer));
        }
        cancellationToken.ThrowIfCancellationRequested();
        if (count == 0)
            throw NoPeers(torrent);
        if (!json)
            terminal.WriteMessage(Quantity.Count(count, "peer"));
        return ExitCode.Done;
    }

    public static TorrentException NoPeers(TorrentInfo torrent) =>
        new(TorrentErrorId.NoPeers, $"No peers found for '{torrent.Name}'; try again later, wait longer with --timeout, or add a tracker with --tracker");

    private static string Describe(TorrentPeer peer) =>
        $"{peer.EndPoint,-24} {peer.Source,-8} {(peer.Tracker is { } tracker ? AddressText.Of(tracker) : "")}".TrimEnd();
}
