using System.CommandLine;
using System.Net;
using TorrentPS.Cli.Output;
using TorrentPS.Engine;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Values;

namespace TorrentPS.Cli.Commands;

/// <summary>The options that downloading and seeding share.</summary>
internal sealed class TransferOptions
{
    private readonly Option<PeerAddress[]?> _peers = OptionFactory.Peers("A peer to connect to in addition to those found; may be given several times.");
    private readonly Option<Uri[]?> _trackers = OptionFactory.Trackers("--tracker", "A tracker to ask before the torrent's own; may be given several times.");
    private readonly Option<int?> _port = OptionFactory.Number("--port", "The port for incoming peer connections (6881, or any free port); 0 selects any free port.", 0, 65535);
    private readonly Option<bool> _mapPort = new("--map-port") { Description = "Ask the router, by PCP, NAT-PMP or UPnP, to forward the port; removed at the end." };
    private readonly Option<int?> _maxPeers = OptionFactory.Number("--max-peers", "The maximum number of connected peers (200).", 1, 10000);
    private readonly Option<long?> _uploadLimit = OptionFactory.Rate("--upload-limit", "The maximum upload rate per second: 500KB, 5MB, 1MiB; 0 means no limit.");
    private readonly Option<bool> _limitLocalPeers = new("--limit-local-peers") { Description = "Count peers in the local network for rate limits, which do not apply to them otherwise." };
    private readonly Option<IPAddress?> _announceAddress = OptionFactory.AnnounceAddress();
    private readonly Option<TrafficClass?> _trafficClass = OptionFactory.TrafficClass();
    private readonly Option<double?> _seedRatio = OptionFactory.Ratio();
    private readonly Option<double?> _timeout;
    private readonly Option<bool> _recheck = new("--recheck") { Description = "Hash all data on disk again, ignoring earlier results." };
    private readonly Option<bool> _noDht = new("--no-dht") { Description = "Do not ask the distributed hash table for peers." };
    private readonly Option<bool> _noPex = new("--no-pex") { Description = "Do not exchange addresses with peers." };
    private readonly Option<bool> _noLsd = new("--no-lsd") { Description = "Do not look for peers on the local network." };
    private readonly Option<bool> _noUtp = new("--no-utp") { Description = "Use TCP only, for outgoing and incoming peer connections." };
    private readonly Option<bool> _allowPrivateTracker = OptionFactory.AllowPrivateTracker();
    private readonly RouteOptions _route;
    private readonly Option<EncryptionMode?> _encryption = OptionFactory.Encryption();

    public TransferOptions(Command command, string timeoutDescription)
    {
        _route = new RouteOptions(command, hasPeers: true);
        _timeout = OptionFactory.Seconds("--timeout", timeoutDescription);
        foreach (Option option in new Option[] { _peers, _trackers, _port, _mapPort, _maxPeers, _announceAddress, _trafficClass, _uploadLimit, _limitLocalPeers, _seedRatio, _timeout, _recheck, _noDht, _noPex, _noLsd, _noUtp, _allowPrivateTracker, _encryption, Json })
            command.Options.Add(option);
    }

    public Option<bool> Json { get; } = OptionFactory.Json();

    /// <summary>Starts the transfer of a torrent.</summary>
    public delegate TorrentTransfer StartTransfer(TorrentClient client, TorrentInfo torrent, IProgress<TorrentDownload>? progress, CancellationToken cancellationToken);

    /// <summary>Reads the torrent and transfers it, with progress on a terminal. There is always a result, also after an error.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="terminal">Shows the progress.</param>
    /// <param name="source">The source of the torrent.</param>
    /// <param name="quiet">Whether to show no progress.</param>
    /// <param name="start">Starts the transfer of the torrent.</param>
    /// <param name="cancellationToken">Stops it, which the result reports.</param>
    public async Task<TorrentDownload> RunAsync(ParseResult result, Terminal terminal, string source, bool quiet, StartTransfer start, CancellationToken cancellationToken)
    {
        try
        {
            return await TransferAsync(result, terminal, source, quiet, start, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return NeverBegun(source, TorrentState.Stopped, TorrentErrorId.DownloadStopped, "It was stopped before the torrent was read.");
        }
        catch (Exception e) when (Foreseen.Explain(e) is { } error)
        {
            return NeverBegun(source, TorrentState.Failed, error.ErrorId, error.Message);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            terminal.WriteTrace(e);
            return NeverBegun(source, TorrentState.Failed, TorrentErrorId.Unexpected, $"{e.GetType().Name}: {e.Message}");
        }
    }

    /// <summary>The result if the torrent could not be read.</summary>
    private static TorrentDownload NeverBegun(string source, TorrentState state, TorrentErrorId errorId, string error) =>
        new() { Name = source, InfoHash = "", State = state, Path = "", ErrorId = errorId, Error = error };

    private async Task<TorrentDownload> TransferAsync(ParseResult result, Terminal terminal, string source, bool quiet, StartTransfer start, CancellationToken cancellationToken)
    {
        await using var client = new TorrentClient(Client(result, terminal));
        TorrentInfo torrent = await TorrentSource.ReadAsync(client, source, cancellationToken).ConfigureAwait(false);
        torrent = torrent.WithTrackers([.. (result.GetValue(_trackers) ?? []).Select(tracker => new[] { tracker })]);
        return quiet || result.GetValue(Json) || !terminal.IsErrorTerminal
            ? await start(client, torrent, null, cancellationToken).Completion.ConfigureAwait(false)
            : await ProgressDisplay.RunAsync(terminal, torrent.Name, progress => start(client, torrent, progress, cancellationToken)).ConfigureAwait(false);
    }

    private TorrentClientOptions Client(ParseResult result, Terminal terminal)
    {
        var options = new TorrentClientOptions();
        return _route.Apply(UserClient(), result, terminal) with
        {
            DhtEnabled = !result.GetValue(_noDht),
            AllowPrivateTrackers = result.GetValue(_allowPrivateTracker) ? true : null,
            // A port that the user named may be known to others: another one would be useless.
            Port = result.GetValue(_port) ?? options.Port,
            MapPorts = result.GetValue(_mapPort),
            AnnounceAddress = result.GetValue(_announceAddress),
            TrafficClass = result.GetValue(_trafficClass),
            OnWarning = terminal.WriteMessage,
            RequirePort = result.GetValue(_port) > 0,
            MaxConnections = Math.Max(options.MaxConnections, result.GetValue(_maxPeers) ?? 0),
            Encryption = result.GetValue(_encryption) ?? options.Encryption,
            Transport = result.GetValue(_noUtp) ? PeerTransport.Tcp : options.Transport,
            StateFolder = TorrentClientOptions.UserStateFolder,
            Log = terminal.IsDebug ? terminal.WriteMessage : null,
        };
    }

    /// <summary>The options of a user's client: the public DHT, and a folder for its state.</summary>
    public static TorrentClientOptions UserClient() =>
        new() { DhtBootstrap = TorrentClientOptions.PublicDhtNodes, StateFolder = TorrentClientOptions.UserStateFolder };

    public DownloadOptions Download(ParseResult result, string folder, Terminal terminal)
    {
        PeerAddress[] peers = result.GetValue(_peers) ?? [];
        var options = new DownloadOptions { Destination = Path.GetFullPath(folder) };
        return options with
        {
            Peers = [.. peers.Select(peer => peer.ToEndPoint()).OfType<IPEndPoint>()],
            PeerNames = [.. peers.Select(peer => peer.ToEndPoint()).OfType<DnsEndPoint>()],
            OnError = error => terminal.WriteError(error),
            OnWarning = warning => terminal.WriteMessage($"Warning: {warning}"),
            Sources = Sources(result),
            MaxPeers = result.GetValue(_maxPeers) ?? options.MaxPeers,
            UploadLimit = result.GetValue(_uploadLimit) ?? 0,
            LimitLocalPeers = result.GetValue(_limitLocalPeers),
            SeedRatio = result.GetValue(_seedRatio),
            Recheck = result.GetValue(_recheck),
            Timeout = result.GetValue(_timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        };
    }

    public bool HasSeedRatio(ParseResult result) => result.GetValue(_seedRatio) is not null;

    private List<PeerSource>? Sources(ParseResult result)
    {
        bool noDht = result.GetValue(_noDht), noPex = result.GetValue(_noPex), noLsd = result.GetValue(_noLsd);
        if (!noDht && !noPex && !noLsd)
            return null;
        List<PeerSource> sources = [PeerSource.Tracker, PeerSource.Manual];
        if (!noDht)
            sources.Add(PeerSource.Dht);
        if (!noPex)
            sources.Add(PeerSource.PeerExchange);
        if (!noLsd)
            sources.Add(PeerSource.LocalDiscovery);
        return sources;
    }
}
