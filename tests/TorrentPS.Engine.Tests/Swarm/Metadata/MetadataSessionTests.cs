using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Tests.Discovery;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Metadata;

public sealed partial class MetadataSessionTests : IAsyncDisposable
{
    // 5,000 pieces: 100,000 bytes of hashes, so that there are seven pieces of metadata.
    private static readonly Sample s_sample = Sample.Build(64, 1, null, ("data", 320_000));
    private static readonly byte[] s_metadata = s_sample.Torrent.InfoBytes.ToArray();
    private static readonly byte[] s_wrong = [.. s_metadata[..50_000], .. new byte[s_metadata.Length - 50_000]];
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    private readonly FakeTimeProvider _time = new();
    private readonly FakeDiscovery _discovery = new(PeerSource.Tracker);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<string> _log = [];
    private SwarmServices _services = null!;
    private MetadataSession _session = null!;
    private Task<ResolvedTorrent> _result = null!;

    private Torrent Link { get; set; } = Torrent.FromLink(MagnetLink.Parse($"magnet:?xt=urn:btih:{s_sample.Torrent.InfoHash}&dn=data&xl=320000"));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await ((Task)_result).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _session.Ended.WaitAsync(s_limit);
        _session.Dispose();
        await _services.DisposeAsync();
        _stop.Dispose();
    }

    [Fact]
    public async Task Several_peers_send_it_together()
    {
        MetadataGiver[] givers = [new(s_metadata), new(s_metadata), new(s_metadata)];
        ResolvedTorrent resolved = await ResolveAsync(givers);
        Assert.Equal(s_metadata, resolved.Torrent.InfoBytes);
        Assert.Equal((s_sample.Torrent.InfoHash, "data", 5000), (resolved.Torrent.InfoHash, resolved.Torrent.Name, resolved.Torrent.PieceCount));
        Assert.Null(resolved.Handover);
    }

    [Theory]
    [InlineData("lies alone")]
    [InlineData("lies together with the honest")]
    [InlineData("says nothing")]
    [InlineData("rejects")]
    [InlineData("says another size")]
    [InlineData("says a giant size")]
    [InlineData("says no size")]
    [InlineData("sends pieces of a wrong length")]
    [InlineData("contradicts its size")]
    [InlineData("floods with pieces")]
    [InlineData("sends rubbish")]
    [InlineData("sends an endless message")]
    [InlineData("begins a bitfield longer than any torrent's")]
    [InlineData("begins a long have")]
    [InlineData("closes")]
    public async Task One_honest_peer_is_enough_whatever_others_do(string what)
    {
        MetadataGiver hostile = Hostile(what), honest = new(s_metadata);
        Start();
        Connect(hostile);
        Assert.True(await Task.Run(() => SpinWait.SpinUntil(() => HasActed(hostile, what), s_limit), TestContext.Current.CancellationToken));
        Connect(honest);
        ResolvedTorrent resolved = await EndAsync();
        Assert.Equal(s_metadata, resolved.Torrent.InfoBytes);
        if (what.StartsWith("lies", StringComparison.Ordinal) || what is "sends pieces of a wrong length" or "contradicts its size")
            Assert.Contains(Log(), line => line.Contains("wrong metadata", StringComparison.Ordinal));
        else if (what is "floods with pieces" or "sends rubbish" or "sends an endless message" || what.StartsWith("begins", StringComparison.Ordinal))
            Assert.Contains(Log(), line => line.Contains("broke the protocol", StringComparison.Ordinal));
    }

    /// <summary>Whether a hostile peer has misbehaved, so that the honest one cannot finish earlier.</summary>
    private bool HasActed(MetadataGiver hostile, string what) => what switch
    {
        "lies together with the honest" => _session.Swarm.Fetch.Progress > 0.5,
        "says nothing" or "rejects" => hostile.Requests.Count > 0,
        "says another size" => _session.Swarm.Fetch.Progress > 0 || hostile.IsClosed,
        "says a giant size" or "says no size" => Array.Exists(Log(), line => line.Contains("connected", StringComparison.Ordinal)),
        _ => hostile.IsClosed,
    };

    private static MetadataGiver Hostile(string what) => what switch
    {
        "lies alone" => new MetadataGiver(s_wrong),
        "lies together with the honest" => new MetadataGiver(s_wrong) { Answer = piece => piece < 4 ? [new MetadataGiver(s_wrong).Piece(piece)] : [] },
        "says nothing" => new MetadataGiver(s_metadata) { Answer = _ => [] },
        "rejects" => new MetadataGiver(s_metadata) { Answer = piece => [MetadataGiver.Reject(piece)] },
        "says another size" => new MetadataGiver(s_metadata[..70_000]),
        "says a giant size" => new MetadataGiver(s_metadata) { Size = 2_000_000_000 },
        "says no size" => new MetadataGiver(s_metadata) { Size = 0 },
        "sends pieces of a wrong length" => new MetadataGiver(s_metadata) { Answer = piece => [new MetadataGiver(s_metadata).Data(piece, new byte[100])] },
        "contradicts its size" => new MetadataGiver(s_metadata) { Answer = piece => [new MetadataGiver(s_metadata).Data(piece, new byte[16384], 5)] },
        "floods with pieces" => new MetadataGiver(s_metadata) { Answer = piece => Enumerable.Repeat(new MetadataGiver(s_metadata).Piece(6), 100) },
        "sends rubbish" => new MetadataGiver(s_metadata) { Answer = _ => [[.. "le"u8]] },
        "begins a bitfield longer than any torrent's" => new MetadataGiver(s_metadata) { AndThen = MetadataGiver.Message(MessageId.Bitfield, new byte[262_145])[..100] },
        "begins a long have" => new MetadataGiver(s_metadata) { AndThen = MetadataGiver.Message(MessageId.Have, new byte[1000])[..100] },
        "sends an endless message" => new MetadataGiver(s_metadata) { AndThen = [0x7F, 0xFF, 0xFF, 0xFF] },
        _ => new MetadataGiver(s_metadata) { Answer = _ => throw new IOException(), ClosesOnFault = true },
    };

    [Fact]
    public async Task Peers_cannot_get_what_is_not_verified_yet()
    {
        byte[] request = MetadataGiver.Message(MessageId.Extended, [MetadataMessage.OwnId, .. new MetadataMessage(MetadataMessageType.Request, 3).ToBytes()]);
        MetadataGiver asker = new(s_metadata) { Size = 0, AndThen = request };
        Start();
        Connect(asker);
        Assert.True(await Task.Run(() => SpinWait.SpinUntil(() => asker.Others.Count > 0, s_limit), TestContext.Current.CancellationToken));
        Assert.Equal([new MetadataMessage(MetadataMessageType.Reject, 3)], asker.Others);
    }

    [Fact]
    public async Task A_peer_named_by_another_is_connected_to()
    {
        using TcpListener named = new(IPAddress.Loopback, 0);
        named.Start();
        MetadataGiver teller = new(s_metadata, IPAddress.Loopback) { Size = 0, AndThen = Naming((IPEndPoint)named.LocalEndpoint) };
        Start();
        Connect(teller);
        using TcpClient connected = await named.AcceptTcpClientAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(s_limit, TestContext.Current.CancellationToken);
        Assert.Contains(Log(), line => line.EndsWith("sent 1 peer, 1 new", StringComparison.Ordinal));
        Assert.True(await Task.Run(() => SpinWait.SpinUntil(() => teller.Told is not null, s_limit), TestContext.Current.CancellationToken));
        Assert.Equal(PeerExchangeMessage.OwnId, teller.Told!.Extensions[PeerExchangeMessage.ExtensionName]);
    }

    [Fact]
    public async Task Without_peer_exchange_no_peer_is_named()
    {
        MetadataGiver teller = new(s_metadata) { AndThen = Naming(new IPEndPoint(IPAddress.Loopback, 9)) };
        Start(new ResolveOptions { Sources = [PeerSource.Tracker] });
        Connect(teller);
        await EndAsync();
        Assert.DoesNotContain(Log(), line => line.Contains("named", StringComparison.Ordinal));
        Assert.DoesNotContain(PeerExchangeMessage.ExtensionName, teller.Told!.Extensions.Keys);
    }

    [Fact]
    public async Task A_flood_of_names_is_ignored()
    {
        byte[] naming = Naming(new IPEndPoint(IPAddress.Loopback, 9));
        MetadataGiver flood = new(s_metadata) { Size = 0, AndThen = [.. Enumerable.Repeat(naming, 100).SelectMany(bytes => bytes)] };
        Start();
        Connect(flood);
        Assert.True(await Task.Run(() => SpinWait.SpinUntil(() => flood.IsClosed, s_limit), TestContext.Current.CancellationToken));
        Assert.Contains(Log(), line => line.Contains("a flood of peer exchange messages", StringComparison.Ordinal));
    }

    private static byte[] Naming(IPEndPoint endPoint)
    {
        PeerExchangeMessage message = new() { Added = [new ExchangedPeer(endPoint, PeerExchangeFlags.None)] };
        return MetadataGiver.Message(MessageId.Extended, [PeerExchangeMessage.OwnId, .. message.ToBytes()]);
    }

    [Fact]
    public async Task A_connection_is_handed_over_with_the_earlier_messages_of_the_peer()
    {
        byte[] told = [.. MetadataGiver.Message(MessageId.Bitfield, 1, 2, 3), .. MetadataGiver.Message(MessageId.Unchoke), .. MetadataGiver.Message(MessageId.Have, 0, 0, 0, 5)];
        MetadataGiver giver = new(s_metadata) { AndThen = told };
        ResolvedTorrent resolved = await ResolveAsync([giver], handsOver: true);
        SwarmHandover handover = Assert.IsType<SwarmHandover>(resolved.Handover);
        PeerConnection connection = Assert.Single(handover.Peers).Connection;
        Assert.Same(giver.Handshake, connection.Handshake);
        Assert.False(giver.IsClosed);

        TellTale next = await TakeOverAsync(handover, connection);
        Assert.Equal(MessageId.Extended, next.Told[0].Id); // its handshake comes first
        Assert.Equal(told, next.Told.Skip(1).SelectMany(one => MetadataGiver.Message(one.Id, one.Payload)));
        Assert.DoesNotContain("dispose", _discovery.Calls);
        await handover.CloseAsync(_services.Connector);
        Assert.Equal(PeerClose.Stopping, next.Reason);
    }

    [Fact]
    public async Task Messages_received_between_two_handlers_wait_for_the_next()
    {
        MetadataGiver giver = new(s_metadata), gone = new(s_metadata);
        SwarmHandover handover = (await ResolveAsync([giver, gone], handsOver: true)).Handover!;
        Assert.Equal(2, handover.Peers.Count);
        byte[] later = MetadataGiver.Message(MessageId.Have, 0, 0, 0, 7);
        giver.Send(later);
        gone.Close();
        foreach (MetadataGiver each in (MetadataGiver[])[giver, gone])
        {
            TellTale next = await TakeOverAsync(handover, handover.Peers.Single(peer => peer.Connection.Handshake == each.Handshake).Connection);
            await (each == gone ? next.Ended : next.Heard(MessageId.Have)).WaitAsync(s_limit, TestContext.Current.CancellationToken);
            Assert.Equal(each == gone ? PeerClose.Lost : null, next.Reason);
        }

        await handover.CloseAsync(_services.Connector);
    }

    /// <summary>Takes over a connection, as a download does.</summary>
    private static Task<TellTale> TakeOverAsync(SwarmHandover handover, PeerConnection connection) => handover.Loop.RunAsync(() =>
    {
        TellTale next = new(connection);
        _ = next.RunAsync();
        return Task.FromResult(next);
    });

    /// <summary>Takes over a connection and records the peer's messages.</summary>
    private sealed class TellTale(PeerConnection connection) : PeerHandler(connection, new Host())
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<MessageId> _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<(MessageId Id, byte[] Payload)> Told { get; } = [];

        public PeerClose? Reason { get; private set; }

        public Task Ended => _ended.Task;

        public override IReadOnlyList<IPeerExtension> Extensions => [];

        public override int PieceCount => MetainfoLimits.Pieces;

        public override int ReceiveBufferLength => 4096;

        public async Task Heard(MessageId id) => Assert.Equal(id, await _heard.Task);

        public override void Open()
        {
        }

        public override void Handle(MessageId id, ReadOnlySpan<byte> payload)
        {
            Told.Add((id, payload.ToArray()));
            _heard.TrySetResult(id);
        }

        public override void ExtensionsReceived(ExtensionHandshake handshake, ReadOnlySpan<byte> payload) => Told.Add((MessageId.Extended, payload.ToArray()));

        public override void HashesReceived(int file, HashRange range, ReadOnlySpan<byte> hashes) => throw new InvalidOperationException();

        public override void HashesRejected(int file, HashRange range) => throw new InvalidOperationException();

        public override void Received()
        {
        }

        public override void Closed(PeerClose reason)
        {
            Assert.Null(Reason); // once
            Reason = reason;
            _ended.TrySetResult();
        }

        private sealed class Host : IPeerHost
        {
            public double Now => 0;

            public int ListenPort => 0;

            public int PublicPort => 0;

            public void Log(string message)
            {
            }

            public void Violated(PeerHandler peer, string what) => throw new InvalidOperationException(what);
        }
    }

    [Theory]
    [InlineData(5, 262_000)]
    [InlineData(99, 1_000_000)]
    public async Task A_length_alone_allocates_no_memory(int id, int length)
    {
        byte[] begun = [.. MetadataGiver.Message((MessageId)id, new byte[length])[..1000]];
        MetadataGiver hostile = new(s_metadata) { AndThen = begun, Answer = _ => [] };
        Start(handsOver: true);
        Connect(hostile);
        // It gets a request for metadata when its data has been read, including the incomplete message.
        Assert.True(await Task.Run(() => SpinWait.SpinUntil(() => hostile.Requests.Count > 0, s_limit), TestContext.Current.CancellationToken));
        Connect(new MetadataGiver(s_metadata));
        ResolvedTorrent resolved = await EndAsync();
        Assert.InRange(hostile.Stream.LargestBuffer, 1, 32 * 1024);

        // The new owner of the connection skips the rest of an unread message, and reads the others when they are complete.
        PeerConnection connection = Assert.Single(resolved.Handover!.Peers, peer => peer.Connection.Handshake == hostile.Handshake).Connection;
        TellTale next = await TakeOverAsync(resolved.Handover, connection);
        hostile.Send([.. new byte[length + 5 - begun.Length], .. MetadataGiver.Message(MessageId.Unchoke)]);
        await next.Heard(id == (int)MessageId.Bitfield ? MessageId.Bitfield : MessageId.Unchoke).WaitAsync(s_limit, TestContext.Current.CancellationToken);
        await resolved.Handover.CloseAsync(_services.Connector);
    }

    [Fact]
    public async Task Nothing_is_handed_over_for_a_private_torrent()
    {
        Sample hidden = Sample.Build(64, 1, builder => builder.IsPrivate = true, ("data", 6400));
        Link = Torrent.FromLink(MagnetLink.Parse($"magnet:?xt=urn:btih:{hidden.Torrent.InfoHash}&tr=http%3A%2F%2Fa.example%2Fannounce"));
        MetadataGiver giver = new(hidden.Torrent.InfoBytes.ToArray());
        ResolvedTorrent resolved = await ResolveAsync([giver], handsOver: true);
        Assert.True(resolved.Torrent.IsPrivate);
        Assert.Equal("http://a.example/announce", Assert.Single(Assert.Single(resolved.Torrent.Trackers)).OriginalString);
        Assert.Null(resolved.Handover);
        Assert.True(giver.IsClosed);
        Assert.Equal(["start", "stop 1", "dispose"], _discovery.Calls);
    }

    [Fact]
    public async Task Metadata_with_the_right_hash_is_checked_like_a_file()
    {
        byte[] evil = Encoding.ASCII.GetBytes("d6:lengthi5e4:name8:../../up12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae");
#pragma warning disable CA5350 // BEP 3 has SHA-1.
        Link = Torrent.FromLink(MagnetLink.Parse($"magnet:?xt=urn:btih:{Convert.ToHexString(System.Security.Cryptography.SHA1.HashData(evil))}"));
#pragma warning restore CA5350
        TorrentException failure = await Assert.ThrowsAsync<TorrentException>(() => ResolveAsync([new MetadataGiver(evil)]));
        Assert.Equal(TorrentErrorId.UnsafePath, failure.ErrorId);
    }

    [Fact]
    public async Task The_time_out_ends_it()
    {
        Start(new ResolveOptions { Timeout = TimeSpan.FromSeconds(20) });
        Connect(new MetadataGiver(s_metadata) { Size = 0 });
        TorrentException failure = await Assert.ThrowsAsync<TorrentException>(() => EndAsync());
        Assert.Equal(TorrentErrorId.MetadataTimedOut, failure.ErrorId);
        Assert.Matches("'data' was not received within 20 s: 1 peer known, 1 connected, none with the metadata", failure.Message);
        Assert.Equal(["start", "stop 1", "dispose"], _discovery.Calls.Where(call => call != "more"));
    }

    [Fact]
    public async Task The_stall_time_out_counts_from_the_last_piece()
    {
        int answers = 0;
        MetadataGiver slow = new(s_metadata);
        slow = new MetadataGiver(s_metadata) { Answer = piece => ++answers <= 3 ? [slow.Piece(piece)] : [] };
        Start(new ResolveOptions { Timeout = null, StallTimeout = TimeSpan.FromSeconds(15) });
        await PassAsync(14);
        Connect(slow);
        Assert.True(await Task.Run(() => SpinWait.SpinUntil(() => _session.Swarm.Fetch.Progress > 0.4, s_limit), TestContext.Current.CancellationToken));
        await PassAsync(14);
        Assert.False(_result.IsCompleted);
        TorrentException failure = await Assert.ThrowsAsync<TorrentException>(() => EndAsync());
        Assert.Equal(TorrentErrorId.MetadataTimedOut, failure.ErrorId);
        Assert.Contains("43 % received", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_any_source_it_ends_at_once()
    {
        Start(new ResolveOptions { Sources = [] });
        TorrentException failure = await Assert.ThrowsAsync<TorrentException>(() => EndAsync());
        Assert.Equal(TorrentErrorId.NoPeers, failure.ErrorId);
        Assert.Contains("names no tracker and no peer", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_failure_of_every_source_is_the_result()
    {
        _discovery.Failure = new TorrentException(TorrentErrorId.TrackerUnreachable, "no answer");
        Start();
        TorrentException failure = await Assert.ThrowsAsync<TorrentException>(() => EndAsync());
        Assert.Equal("no answer", failure.Message);
        Assert.InRange(_session.Swarm.Now, 30, 35);
    }

    [Fact]
    public async Task Stopping_it_ends_it()
    {
        Start();
        Connect(new MetadataGiver(s_metadata) { Answer = _ => [] });
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _result.WaitAsync(s_limit, TestContext.Current.CancellationToken));
        Assert.Equal(["start", "stop 1", "dispose"], _discovery.Calls);
    }

    private Task<ResolvedTorrent> ResolveAsync(MetadataGiver[] givers, bool handsOver = false)
    {
        Start(handsOver: handsOver);
        foreach (MetadataGiver giver in givers)
            Connect(giver);
        return EndAsync();
    }

    private void Start(ResolveOptions? options = null, bool handsOver = false)
    {
        _services = new SwarmServices(new SwarmOptions { Port = 0, TimeProvider = _time, Log = Add }, new DiscoveryServices([_discovery]));
        _session = new MetadataSession(_services, Link, options ?? new ResolveOptions(), null, "");
        _result = _session.RunAsync(handsOver, _stop.Token);
    }

    /// <summary>Connects a peer to the session, as the listener does.</summary>
    private void Connect(MetadataGiver giver)
    {
        giver.Start(Link.InfoHash.Wire);
        Assert.True(_services.Connector.TryReserve(0, isIncoming: false));
        _session.Swarm.Accept(giver.Stream, giver.Handshake);
    }

    private async Task PassAsync(double seconds)
    {
        for (double passed = 0; passed < seconds && !_result.IsCompleted; passed += 0.2)
            await _time.PassAsync(0.2);
    }

    /// <summary>Lets time pass until the session ends.</summary>
    private async Task<ResolvedTorrent> EndAsync()
    {
        await PassAsync(200);
        return await _result.WaitAsync(s_limit, TestContext.Current.CancellationToken);
    }

    private void Add(string line)
    {
        lock (_log)
            _log.Add(line);
    }

    private string[] Log()
    {
        lock (_log)
            return [.. _log];
    }
}
