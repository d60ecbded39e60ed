using System.Net;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Membership;

/// <summary>Thousands of incoming connections from the Internet.</summary>
public sealed class IncomingPeersTests : IAsyncDisposable
{
    private static readonly Sample s_sample = Sample.Make(32768, 31, ("data", 20 * 32768));

    private readonly FakeTimeProvider _time = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _log = [];
    private readonly SwarmServices _services;
    private readonly DiscoveryServices _discoveries = new([]);
    private readonly TorrentSession _session;
    private readonly Task<TorrentDownload> _run;

    public IncomingPeersTests()
    {
        _services = new SwarmServices(new SwarmOptions { Port = 0, TimeProvider = _time, Log = Log }, _discoveries);
        _session = new TorrentSession(_services, s_sample.Torrent, new DownloadOptions { Destination = _folder.Path }, null);
        _run = _session.RunAsync(_stop.Token);
        Until(() => _services.Incoming.Port > 0);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run.WaitAsync(TimeSpan.FromMinutes(5));
        await _session.DisposeAsync();
        await _services.DisposeAsync();
        await _discoveries.DisposeAsync();
        _stop.Dispose();
        _folder.Dispose();
    }

    private void Log(string line)
    {
        lock (_log)
            _log.Add(line);
    }

    private int Logged(string part)
    {
        lock (_log)
            return _log.Count(line => line.Contains(part, StringComparison.Ordinal));
    }

    private static void Until(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromMinutes(5)));

    private static byte[] HandshakeOf(string id)
    {
        byte[] handshake = new byte[Handshake.Length];
        Handshake.Write(handshake, s_sample.Torrent.InfoHash.Wire, Encoding.ASCII.GetBytes(id));
        handshake.AsSpan(Handshake.ReservedOffset, 8).Clear();
        return handshake;
    }

    /// <summary>Connects from an address, and sends a handshake if it has an id.</summary>
    private MemoryPeerStream Come(IPAddress from, string? id)
    {
        (MemoryPeerStream peer, MemoryPeerStream ours) = MemoryPeerStream.Create(address: from);
        _services.Incoming.Accept(ours);
        if (id is not null && !peer.IsDisposed)
            peer.Send(HandshakeOf(id));

        return peer;
    }

    private static string Id(int number) => $"-XX0001-{number:000000000000}";

    private static IPAddress Address(int number) => new([(byte)(11 + number / 60_000), (byte)(number / 250), (byte)(number % 250), 7]);

    private static bool IsRefused(MemoryPeerStream peer) => peer.IsOver;

    [Fact]
    public void At_most_thirty_connections_of_an_address_in_ten_seconds_are_accepted()
    {
        IPAddress address = IPAddress.Parse("2001:db8:1:2::1");
        for (int i = 0; i < IncomingGate.MaxPerAddress; i++)
            Assert.False(IsRefused(Come(IPAddress.Parse($"2001:db8:1:2::{i:x}"), null))); // one subscriber has a whole /64
        Assert.True(IsRefused(Come(address, null)));
        Assert.False(IsRefused(Come(IPAddress.Parse("2001:db8:1:3::1"), null)));
        Assert.False(IsRefused(Come(IPAddress.Parse("192.168.1.1"), null)));
        _time.Advance(IncomingGate.Window);
        Assert.False(IsRefused(Come(address, null)));
    }

    /// <summary>The beginning of a handshake: 20 bytes identify an unencrypted one, 96 are the key of an encrypted one.</summary>
    [Theory]
    [InlineData(19, false)]
    [InlineData(67, false)]
    [InlineData(96, true)]
    public void An_unfinished_handshake_is_closed_in_time(int length, bool isEncrypted)
    {
        byte[] handshake = new byte[Handshake.Length];
        Handshake.Write(handshake, s_sample.Torrent.InfoHash.Wire, Encoding.ASCII.GetBytes(Id(1)));
        byte[] key = new byte[length];
        new Random(1).NextBytes(key);
        MemoryPeerStream peer = Come(Address(1), null);
        for (int i = 0; i < length; i++)
            peer.Send((isEncrypted ? key : handshake).AsSpan(i, 1));
        for (int i = 0; i < 9; i++)
            _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(IsRefused(peer));
        _time.Advance(TimeSpan.FromSeconds(1));
        Until(() => IsRefused(peer));
    }

    [Fact]
    public void Ten_thousand_silent_connections_keep_out_no_peer_and_are_closed()
    {
        List<MemoryPeerStream> silent = [.. Enumerable.Range(0, 10_000).Select(i => Come(Address(i), null))];
        Until(() => silent.Count(peer => !IsRefused(peer)) <= IncomingGate.MaxPending);
        MemoryPeerStream honest = Come(IPAddress.Parse("198.51.100.7"), Id(1));
        Until(() => honest.Waiting >= Handshake.Length);
        _time.Advance(TimeSpan.FromSeconds(10));
        Until(() => silent.All(IsRefused));
    }

    [Fact]
    public void Ten_thousand_silent_connections_of_one_neighbour_cost_no_other_peer_a_place()
    {
        MemoryPeerStream slow = Come(IPAddress.Parse("198.51.100.7"), null);
        List<MemoryPeerStream> silent = [.. Enumerable.Range(0, 10_000).Select(_ => Come(IPAddress.Parse("10.0.0.5"), null))];
        Until(() => silent.Count(peer => !IsRefused(peer)) < IncomingGate.MaxPending);

        slow.Send(HandshakeOf(Id(1)));
        Until(() => slow.Waiting >= Handshake.Length);
    }

    /// <summary>A liar is identified by its address and id together: otherwise it could have another peer banned by using its id.</summary>
    [Fact]
    public void Wrong_data_under_another_peers_id_does_not_ban_that_peer()
    {
        MemoryPeerStream liar = Come(Address(1), Id(1));
        Until(() => liar.Waiting >= Handshake.Length);
        liar.TakeArrived();
        byte[] opening = new byte[5 + 3 + 5];
        PeerMessage.WriteHeader(opening, MessageId.Bitfield, 3);
        (opening[5], opening[6], opening[7]) = (0xFF, 0xFF, 0xF0);
        PeerMessage.WriteState(opening.AsSpan(8), MessageId.Unchoke);
        liar.Send(opening);
        int requests = 0;
        Until(() => Lie(liar, ref requests) && Logged("is banned") == 1);
        MemoryPeerStream again = Come(Address(1), Id(1));
        Until(() => IsRefused(again));
        MemoryPeerStream honest = Come(Address(2), Id(1));
        Until(() => honest.Waiting >= Handshake.Length);
    }

    /// <summary>Answers requests with zeros.</summary>
    private static bool Lie(MemoryPeerStream liar, ref int requests)
    {
        ReadOnlySpan<byte> bytes = liar.TakeArrived();
        while (bytes.Length >= 4)
        {
            int length = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes);
            if (length == 13 && bytes[4] == (byte)MessageId.Request && PeerMessage.TryReadBlock(bytes.Slice(5, 12), out BlockRequest block))
            {
                byte[] answer = new byte[PeerMessage.PieceHeaderLength + block.Length];
                PeerMessage.WritePieceHeader(answer, block);
                liar.Send(answer);
                requests++;
            }

            bytes = bytes[(4 + length)..];
        }

        return requests > 0;
    }
}
