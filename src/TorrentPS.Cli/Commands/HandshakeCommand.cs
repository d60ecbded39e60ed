using System.CommandLine;
using System.Net;
using TorrentPS.Cli.Output;
using TorrentPS.Engine;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Values;

namespace TorrentPS.Cli.Commands;

/// <summary><c>torrentps handshake SOURCE</c>, or with <c>--peer</c> and <c>--info-hash</c>: shows which peers answer, with their clients and features.</summary>
internal static class HandshakeCommand
{
    private const int AtOnce = 64;

    public static Command Create(Terminal terminal)
    {
        Argument<string?> source = new("SOURCE")
        {
            Description = "Path or http(s) address of a .torrent, or a magnet link; its trackers are asked for peers unless --peer is given.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<PeerAddress[]?> peers = OptionFactory.Peers("A peer to test; may be given several times.");
        Option<InfoHash?> infoHash = OptionFactory.InfoHashOption();
        Option<bool> json = OptionFactory.Json();
        Option<double?> timeout = OptionFactory.Seconds("--timeout", "The timeout for a peer (5), and for trackers (15).");
        Option<PeerTransport?> transport = OptionFactory.Parsed<PeerTransport?>("--transport", "tcp|utp|any", "The transport: tcp (the default), utp, or any for both.",
            text => text.ToUpperInvariant() switch { "TCP" => PeerTransport.Tcp, "UTP" => PeerTransport.Utp, "ANY" => PeerTransport.Any, _ => null }, "tcp, utp or any");
        var command = new Command("handshake", "Exchange handshakes with peers and show which of them answered.") { source, peers, infoHash, json, timeout, transport };
        var route = new RouteOptions(command, hasPeers: true);
        command.Validators.Add(result =>
        {
            bool hasSource = result.GetValue(source) is not null;
            bool hasInfoHash = result.GetResult(infoHash) is not null;
            if (hasSource == hasInfoHash || (hasInfoHash && result.GetResult(peers) is null))
                result.AddError("Give a SOURCE, or both --peer and --info-hash.");
        });
        command.SetAction(terminal, (result, cancellationToken) =>
        {
            string? name = result.GetValue(source);
            return CommandAction.RunAsync(terminal, async () =>
            {
                TorrentClientOptions client = route.Apply(TransferOptions.UserClient(), result, terminal);
                using var run = new HandshakeRun(terminal, result.GetValue(json), result.GetValue(timeout), client, result.GetValue(transport), cancellationToken);
                return name is null
                    ? await run.KnownPeersAsync(result.GetRequiredValue(infoHash)!.Value, result.GetRequiredValue(peers)!).ConfigureAwait(false)
                    : await run.SourceAsync(name, result.GetValue(peers)).ConfigureAwait(false);
            }, cancellationToken, name);
        });
        return command;
    }

    private sealed class HandshakeRun(Terminal terminal, bool json, double? timeout, TorrentClientOptions clientOptions, PeerTransport? transport, CancellationToken cancellationToken) : IDisposable
    {
        private readonly SemaphoreSlim _slots = new(AtOnce);
        private readonly List<Task> _running = [];
        private readonly HandshakeOptions _options = Options(timeout, transport);
        private int _succeeded;

        public async Task<ExitCode> KnownPeersAsync(InfoHash infoHash, PeerAddress[] peers)
        {
            await using var client = new TorrentClient(clientOptions);
            foreach (PeerAddress peer in peers)
                await StartAsync(client, peer, infoHash).ConfigureAwait(false);
            return await EndAsync().ConfigureAwait(false);
        }

        public async Task<ExitCode> SourceAsync(string source, PeerAddress[]? peers)
        {
            await using var client = new TorrentClient(clientOptions);
            TorrentInfo torrent = await TorrentSource.ReadAsync(client, source, cancellationToken).ConfigureAwait(false);
            if (!InfoHash.TryParse(torrent.InfoHash, out InfoHash infoHash))
                throw new TorrentException(TorrentErrorId.InvalidTorrent, "The torrent has no info hash");
            if (peers is { Length: > 0 })
            {
                foreach (PeerAddress peer in peers)
                    await StartAsync(client, peer, infoHash).ConfigureAwait(false);
                return await EndAsync().ConfigureAwait(false);
            }

            PeerSearchOptions options = PeersCommand.SearchOptions(terminal, timeout, trackers: null);
            await foreach (TorrentPeer peer in client.FindPeersAsync(torrent, options, cancellationToken).ConfigureAwait(false))
                await StartAsync(client, PeerAddress.Of(new IPEndPoint(IPAddress.Parse(peer.Address), peer.Port)), infoHash).ConfigureAwait(false);
            if (_running.Count == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw PeersCommand.NoPeers(torrent);
            }
            return await EndAsync().ConfigureAwait(false);
        }

        public void Dispose() => _slots.Dispose();

        private static HandshakeOptions Options(double? timeout, PeerTransport? transport)
        {
            var defaults = new HandshakeOptions();
            return defaults with { Timeout = timeout is { } seconds ? TimeSpan.FromSeconds(seconds) : defaults.Timeout, Transport = transport ?? defaults.Transport };
        }

        private async Task StartAsync(TorrentClient client, PeerAddress peer, InfoHash infoHash)
        {
            await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
            _running.Add(TryAsync(client, peer, infoHash));
        }

        private async Task TryAsync(TorrentClient client, PeerAddress peer, InfoHash infoHash)
        {
            try
            {
                IPEndPoint endPoint = await client.LookUpAsync(peer, _options.Timeout, cancellationToken).ConfigureAwait(false);
                PeerHandshake handshake = await client.TestHandshakeAsync(endPoint, infoHash, _options, cancellationToken).ConfigureAwait(false);
                if (handshake.Succeeded)
                    Interlocked.Increment(ref _succeeded);
                terminal.WriteLine(json ? JsonLines.Line(handshake, JsonLines.Default.PeerHandshake) : Describe(handshake));
            }
            catch (TorrentException exception) when (exception.ErrorId == TorrentErrorId.UnknownHost)
            {
                terminal.WriteError(exception); // the others may answer
            }
            finally
            {
                _slots.Release();
            }
        }

        private async Task<ExitCode> EndAsync()
        {
            await Task.WhenAll(_running).ConfigureAwait(false);
            if (!json)
                terminal.WriteMessage($"{_succeeded} of {Quantity.Count(_running.Count, "peer")} answered");
            return _succeeded > 0 ? ExitCode.Done : ExitCode.NothingReached;
        }
    }

    private static string Describe(PeerHandshake handshake)
    {
        string detail = handshake.Succeeded
            ? string.Join("  ", new[]
            {
                handshake.Client ?? handshake.PeerId ?? "unknown client",
                handshake.Latency is { } latency ? Quantity.Duration(latency) : "",
                handshake.Encrypted ? "encrypted" : "plain",
            }.Where(part => part.Length > 0))
            : handshake.Error ?? "";
        return $"{handshake.EndPoint,-24} {handshake.Status,-13} {detail}".TrimEnd();
    }
}
