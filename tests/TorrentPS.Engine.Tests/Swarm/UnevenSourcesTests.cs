using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Swarm.WebSeeds;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Fast and slow sources together, peers and web seeds, in simulated time: the download takes about as long as their total rate needs.</summary>
public sealed class UnevenSourcesTests
{
    private const int Block = 16384;
    private const double Step = 0.02;
    private const double Tick = 0.2;

    /// <summary>A source that sends the requested data at its rate, in order.</summary>
    private sealed class Source(int pieces, double rate, bool isWebSeed, double startsAt)
    {
        public PeerState State { get; } = SwarmData.Seed(pieces);

        public bool IsWebSeed => isWebSeed;

        public RunLength Length { get; } = new();

        public double Due { get; private set; }

        public double Began { get; set; }

        public long BeganWith { get; set; }

        public long Sent => State.DownloadRate.Total;

        public void Pass(double now) => Due = now < startsAt || State.Outstanding.Count == 0 ? 0 : Due + rate * Step;

        public void Take() => Due -= Block;
    }

    private static (double Seconds, double Doubled) Download(int pieces, params Source[] sources)
    {
        PickerHarness harness = new(SwarmData.Pieces(pieces), SwarmData.All(pieces), new Engine.Metainfo.Bitfield(pieces), false, 1, poolLimit: 64 << 20);
        foreach (Source source in sources)
            harness.Join(source.State);
        int asked = 0;
        double tick = 0;
        for (; harness.Picker.Missing > 0 && harness.Now < 1000; harness.Now += Step)
        {
            foreach (Source source in sources)
                asked += source.IsWebSeed ? Claim(harness, source) : Ask(harness, source);
            foreach (Source source in sources)
                Send(harness, source);
            harness.WriteAll();
            if (harness.Now < tick)
                continue;
            tick += Tick;
            foreach (Source source in sources)
                source.State.Rate = source.State.DownloadRate.PerSecond(harness.Now);
            harness.Check();
        }

        return (harness.Now, (double)asked / (pieces * 4) - 1);
    }

    private static int Ask(PickerHarness harness, Source source)
    {
        PeerState state = source.State;
        if (state.Outstanding.Count == 0)
            state.DownloadRate.Resume(harness.Now);
        int asked = 0;
        while (state.Outstanding.Count < state.Window.Size && harness.Ask(state))
            asked++;
        return asked;
    }

    private static int Claim(PickerHarness harness, Source source)
    {
        PeerState state = source.State;
        if (state.Outstanding.Count > 0)
            return 0;
        source.Length.Ended(source.Sent - source.BeganWith, harness.Now - source.Began);
        state.LastBlockAt = harness.Now;
        List<Outstanding> run = [];
        if (!harness.Picker.Runs.TryClaim(state, 0, source.Length.Next, run) && !EndGame.TryPickRun(harness.Picker, harness.Peers, state, harness.Now, false, run))
            return 0;
        (source.Began, source.BeganWith) = (harness.Now, source.Sent);
        foreach (Outstanding item in run)
        {
            Assert.True(harness.Picker.TryReserveFor(item.Piece, item.Block));
            state.Outstanding.Add(item);
        }

        return run.Count;
    }

    private static void Send(PickerHarness harness, Source source)
    {
        PeerState state = source.State;
        for (source.Pass(harness.Now); source.Due >= Block && state.Outstanding.Count > 0; source.Take())
        {
            state.DownloadRate.Add(Block, harness.Now);
            harness.Receive(state, 0);
            state.Window.BlockReceived(state.DownloadRate.PerSecond(harness.Now), harness.Now);
        }
    }

    private static Source Peer(int pieces, double rate, double startsAt = 0.05) => new(pieces, rate, false, startsAt);

    private static Source Lane(int pieces, double rate, double startsAt = 0.05) => new(pieces, rate, true, startsAt);

    [Theory]
    [InlineData(96, 50_000, 4_000_000)] // 6 MiB
    [InlineData(96, 200_000, 2_000_000)]
    [InlineData(640, 20_000, 10_000_000)]
    [InlineData(96, 1_000, 1_000_000)]
    public void A_slow_web_seed_delays_nothing_that_a_fast_peer_could_send(int pieces, double slow, double fast)
    {
        // The web seed is first, and has taken its part when the peer connects.
        (double seconds, double doubled) = Download(pieces, Lane(pieces, slow), Lane(pieces, slow), Lane(pieces, slow), Lane(pieces, slow), Peer(pieces, fast, 0.5));
        double alone = 0.5 + pieces * 4.0 * Block / fast;
        Assert.True(seconds < alone + 0.5, $"{seconds:0.0} s, and the peer alone needs {alone:0.0} s");
        Assert.True(doubled < 0.7, $"{doubled:P0} were asked for twice"); // the first share of the web seed, for a small torrent
    }

    [Theory]
    [InlineData(96, 20_000, 1_000_000)]
    [InlineData(640, 5_000, 3_000_000)]
    [InlineData(96, 300_000, 500_000)]
    public void A_slow_peer_delays_nothing_that_a_fast_web_seed_could_send(int pieces, double slow, double fast)
    {
        (double seconds, double doubled) = Download(pieces, Peer(pieces, slow), Lane(pieces, fast), Lane(pieces, fast));
        double alone = pieces * 4.0 * Block / (2 * fast);
        Assert.True(seconds < alone + 0.7, $"{seconds:0.0} s, and the web seed alone needs {alone:0.0} s");
        Assert.True(doubled < 0.2, $"{doubled:P0} were asked for twice");
    }

    [Theory]
    [InlineData(96, 30_000, 2_000_000)]
    [InlineData(320, 300_000, 2_000_000)]
    public void Slow_peers_do_not_delay_a_fast_one(int pieces, double slow, double fast)
    {
        (double seconds, double doubled) = Download(pieces, Peer(pieces, slow), Peer(pieces, slow), Peer(pieces, slow), Peer(pieces, fast));
        double alone = pieces * 4.0 * Block / fast;
        Assert.True(seconds < alone + 0.5, $"{seconds:0.0} s, and the fast one alone needs {alone:0.0} s");
        Assert.True(doubled < 0.3, $"{doubled:P0} were asked for twice");
    }
}
