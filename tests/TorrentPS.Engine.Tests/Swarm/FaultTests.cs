using System.Collections;
using System.Reflection;
using System.Text;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Transport;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Faults of this program triggered by a stranger, in every phase of a torrent: each affects only that stranger, and is reported.</summary>
public sealed class FaultTests
{
    private const string WhatOthersAreTold = "what others are told of it";
    private const string SearchForMore = "a search for more";

    private static readonly Sample s_sample = Sample.Build(32768, 31, null, ("data", 20 * 32768));

    /// <summary>Each fault is triggered by a second peer, or by none, beside a connected one.</summary>
    private static readonly Dictionary<string, Action<PhasedSwarm>> s_kinds = new()
    {
        ["its handshake"] = swarm => Come(swarm, receives: 0),
        ["our answer to its handshake"] = swarm => Come(swarm, sends: 0),
        ["its first message"] = swarm => Come(swarm, receives: 1),
        ["our first message to it"] = swarm => Come(swarm, sends: 1),
        ["its later messages"] = swarm =>
        {
            MemoryPeerStream peer = swarm.Come(PhasedSwarm.Address(1), PhasedSwarm.Id(1)).Peer;
            PhasedSwarm.Until(() => peer.Waiting > Handshake.Length);
            peer.Break(Injected);
        },
        ["our keep-alive"] = swarm =>
        {
            Come(swarm, sends: 2);
            PhasedSwarm.Until(() => swarm.Logged("connected:") == 2); // the next message sent is a keep-alive, within 120 s
        },
        [WhatOthersAreTold] = swarm =>
        {
            swarm.Come(PhasedSwarm.Address(1), PhasedSwarm.Id(1));
            PhasedSwarm.Until(() => swarm.Logged("connected:") == 2);
            PeerConnection connection = swarm.Peers[^1].Connection;
            typeof(PeerConnection).GetField("_extensions", BindingFlags.Instance | BindingFlags.NonPublic)!.SetValue(connection, null);
        },
        ["that it is dialled"] = swarm => swarm.BeDialled(PhasedSwarm.Address(1), PhasedSwarm.Id(1), _ => throw Injected),
        ["the handshake of one dialled"] = swarm => swarm.BeDialled(PhasedSwarm.Address(1), PhasedSwarm.Id(1), ours => new FaultyStream(ours, Injected, receives: 0)),
        ["our first message to one dialled"] = swarm => swarm.BeDialled(PhasedSwarm.Address(1), PhasedSwarm.Id(1), ours => new FaultyStream(ours, Injected, sends: 1)),
        ["addresses that are found"] = swarm => swarm.Discovery.Request!.PeersFound(new Unreadable()),
        [SearchForMore] = swarm => swarm.Discovery.Fault = Injected,
    };

    private static InvalidOperationException Injected => new("injected");

    public static TheoryData<SwarmPhase> Phases => [.. Enum.GetValues<SwarmPhase>()];

    public static TheoryData<SwarmPhase, string> Kinds()
    {
        TheoryData<SwarmPhase, string> data = [];
        foreach (SwarmPhase phase in Enum.GetValues<SwarmPhase>())
        {
            foreach (string kind in s_kinds.Keys)
            {
                // While a magnet link is resolved, peers are not told of others, and a seed looks for no peers.
                if (phase != (kind == WhatOthersAreTold ? SwarmPhase.Resolving : SwarmPhase.Seeding) || kind is not (WhatOthersAreTold or SearchForMore))
                    data.Add(phase, kind);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_fault_triggered_by_a_stranger_affects_only_that_stranger(SwarmPhase phase, string kind)
    {
        await using PhasedSwarm swarm = new(phase, s_sample);
        MemoryPeerStream before = swarm.Come(PhasedSwarm.Address(8), PhasedSwarm.Id(8)).Peer;
        PhasedSwarm.Until(() => before.Waiting > Handshake.Length);
        s_kinds[kind](swarm);
        await swarm.PassAsync(150, () => swarm.Logged("by a fault of this program: System.") > 0 || swarm.Run.IsCompleted);
        Assert.False(swarm.Run.IsCompleted, swarm.AllLogged());
        Assert.Equal(1, swarm.Logged("by a fault of this program: System."));
        MemoryPeerStream after = swarm.Come(PhasedSwarm.Address(9), PhasedSwarm.Id(9)).Peer;
        PhasedSwarm.Until(() => after.IsOver || after.Waiting > Handshake.Length);
        Assert.False(before.IsOver || after.IsOver, swarm.AllLogged());
        PhasedSwarm.Until(() => swarm.Peers.Length == 2); // the other is gone
    }

    /// <summary>A connection from the listener or uTP, on a thread where a fault would end the process.</summary>
    [Theory]
    [MemberData(nameof(Phases))]
    public async Task A_connection_that_triggers_a_fault_does_not_end_listening(SwarmPhase phase)
    {
        await using PhasedSwarm swarm = new(phase, s_sample);
        swarm.Services.Incoming.Accept(new Nowhere());
        Assert.Equal(1, swarm.Logged("A peer that connects is closed by a fault of this program"));
    }

    /// <summary>A failure to tell trackers of the end does not change how it ends.</summary>
    [Theory]
    [MemberData(nameof(Phases))]
    public async Task Searches_that_cannot_be_ended_do_not_change_how_a_torrent_ends(SwarmPhase phase)
    {
        await using PhasedSwarm swarm = new(phase, s_sample);
        swarm.Discovery.Fault = Injected;
        Exception? thrown = await Record.ExceptionAsync(swarm.EndAsync);
        if (phase == SwarmPhase.Resolving)
            Assert.IsAssignableFrom<OperationCanceledException>(thrown);
        else
            Assert.Equal(phase == SwarmPhase.Seeding ? TorrentState.Completed : TorrentState.Stopped, (await swarm.Result!).State);
    }

    [Fact]
    public async Task A_web_seed_does_not_end_the_download()
    {
        byte[] bytes = s_sample.Torrent.ToBytes().ToArray();
        Torrent torrent = Torrent.Parse((byte[])[.. bytes[..^1], .. Encoding.ASCII.GetBytes("8:url-list21:http://192.0.2.9/filee")]);
        await using PhasedSwarm swarm = new(SwarmPhase.Downloading, s_sample, torrent: torrent, reachOf: _ => throw Injected);
        await swarm.PassAsync(1, () => swarm.Logged("is left by a fault of this program: System.InvalidOperationException: injected") == 1 || swarm.Run.IsCompleted);
        Assert.False(swarm.Run.IsCompleted, swarm.AllLogged());
    }

    /// <summary>A fault while the data of a piece is hashed or written counts as bad data.</summary>
    [Fact]
    public async Task A_piece_does_not_end_the_download_but_is_fetched_again()
    {
        await using PhasedSwarm swarm = new(SwarmPhase.Downloading, s_sample);
        int faults = 0;
        swarm.Storage!.WriteFault = piece => piece == 3 && Interlocked.Increment(ref faults) == 1 ? Injected : null;
        byte[] opening = [.. AnsweringPeer.Message(MessageId.HaveAll), .. AnsweringPeer.Message(MessageId.Unchoke)];
        AnsweringPeer culprit = new(swarm, s_sample, 1, opening);
        PhasedSwarm.Until(() => culprit.Serve() && (culprit.IsOver || swarm.Run.IsCompleted));
        Assert.False(swarm.Run.IsCompleted, swarm.AllLogged());
        Assert.Equal((1, 1), (swarm.Logged("Piece 3 is downloaded again after a fault of this program: System.InvalidOperationException: injected"), swarm.Logged("is closed by a fault of this program: System.")));
        AnsweringPeer other = new(swarm, s_sample, 2, opening);
        PhasedSwarm.Until(() => other.Serve() && swarm.Run.IsCompleted);
        Assert.Equal(TorrentState.Completed, (await swarm.Result!).State);
    }

    /// <summary>A fault with every piece, from any sender, is not the sender's.</summary>
    [Fact]
    public async Task Faulty_pieces_from_all_peers_end_the_download()
    {
        await using PhasedSwarm swarm = new(SwarmPhase.Downloading, s_sample);
        swarm.Storage!.WriteFault = _ => Injected;
        byte[] opening = [.. AnsweringPeer.Message(MessageId.HaveAll), .. AnsweringPeer.Message(MessageId.Unchoke)];
        for (int number = 0; number < 17; number++)
        {
            Assert.False(swarm.Run.IsCompleted, swarm.AllLogged());
            AnsweringPeer peer = new(swarm, s_sample, number, opening);
            PhasedSwarm.Until(() => peer.Serve() && (peer.IsOver || swarm.Run.IsCompleted));
        }

        PhasedSwarm.Until(() => swarm.Run.IsCompleted); // the last is closed slightly earlier
        Assert.Equal(TorrentErrorId.Unexpected, (await swarm.Result!).ErrorId);
    }

    private static void Come(PhasedSwarm swarm, int receives = int.MaxValue, int sends = int.MaxValue) =>
        swarm.Come(PhasedSwarm.Address(1), PhasedSwarm.Id(1), change: ours => new FaultyStream(ours, Injected, receives, sends));

    /// <summary>Addresses whose reading fails.</summary>
    private sealed class Unreadable : IReadOnlyList<DiscoveredPeer>
    {
        public int Count => 1;

        public DiscoveredPeer this[int index] => throw Injected;

        public IEnumerator<DiscoveredPeer> GetEnumerator() => throw Injected;

        IEnumerator IEnumerable.GetEnumerator() => throw Injected;
    }

    /// <summary>A connection without a remote address.</summary>
    private sealed class Nowhere : PeerStream
    {
        public override System.Net.IPEndPoint RemoteEndPoint => throw Injected;

        public override bool IsOutgoing => false;

        public override ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw Injected;

        public override ValueTask SendAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw Injected;

        protected override void Dispose(bool disposing)
        {
        }
    }
}
