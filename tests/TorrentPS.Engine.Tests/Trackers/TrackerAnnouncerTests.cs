using System.Net;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Tests.Discovery;
using TorrentPS.Engine.Trackers;
using static TorrentPS.Engine.Trackers.AnnounceEvent;

namespace TorrentPS.Engine.Tests.Trackers;

public sealed class TrackerAnnouncerTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly Dictionary<string, FakeTracker> _trackers = [];
    private readonly List<DiscoveredPeer> _found = [];
    private readonly List<string> _log = [];
    private TrackerAnnouncer? _announcer;
    private Exception? _fault;
    private long _left = 1000;
    private bool _isPartialSeed;

    public async ValueTask DisposeAsync()
    {
        if (_announcer is null)
            return;
        ValueTask disposed = _announcer.DisposeAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        await disposed;
    }

    [Fact]
    public void The_first_announce_is_started_and_passes_on_the_peers()
    {
        FakeTracker a = Start(["a"])[0];
        AnnounceRequest request = Assert.Single(a.Requests);
        Assert.Equal((Started, 6881, 1000, true), (request.Event, request.Port, request.Statistics.Left, request.NoPeerId));
        Assert.Equal(a.Peers, _found.Count);
        TrackerStatus status = Assert.Single(_announcer!.Statuses);
        Assert.Equal((a.Uri, 0, null, a.Peers), (status.Uri, status.Tier, status.LastError, status.PeersReceived));
        Assert.True(_announcer.AnyAnswered);
        Assert.Null(_announcer.Failure);
    }

    [Fact]
    public async Task The_first_round_ends_when_no_request_is_open()
    {
        Make("a").Error = TorrentErrorId.TrackerUnreachable;
        Make("b").Hold = new TaskCompletionSource();
        FakeTracker[] trackers = Start(["a"], ["b"]);
        Assert.False(_announcer!.FirstRound.IsCompleted);
        trackers[1].Hold!.SetResult();
        await _announcer.FirstRound.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void With_enough_peers_no_further_tier_is_asked()
    {
        FakeTracker[] trackers = Start(["a"], ["b"]);
        Assert.Equal([1, 0], Counts(trackers));
    }

    [Fact]
    public void With_few_peers_the_next_tier_is_asked_but_not_the_rest_of_the_tier()
    {
        Make("a").Peers = Make("a2").Peers = 3;
        FakeTracker[] trackers = Start(["a", "a2"], ["b"], ["c"]);
        Assert.Equal(1, trackers[0].Requests.Count + trackers[1].Requests.Count);
        Assert.Equal([1, 0], Counts(trackers[2], trackers[3]));
    }

    [Fact]
    public void A_failing_tracker_is_replaced_by_the_next_at_once()
    {
        Make("a").Error = TorrentErrorId.TrackerUnreachable;
        Make("b").Error = TorrentErrorId.TrackerFailure;
        FakeTracker[] trackers = Start(["a"], ["b"], ["c"]);
        Assert.Equal([1, 1, 1], Counts(trackers));
        Assert.Equal([TorrentErrorId.TrackerUnreachable, TorrentErrorId.TrackerFailure, null], _announcer!.Statuses.Select(status => status.LastError?.ErrorId));
        Assert.Null(_announcer.Failure);
    }

    [Fact]
    public void All_have_failed_only_after_each_was_tried()
    {
        Make("a").Error = Make("b").Error = TorrentErrorId.TrackerUnreachable;
        Make("b").Hold = new TaskCompletionSource();
        FakeTracker[] trackers = Start(["a"], ["b"]);
        Assert.Null(_announcer!.Failure);
        trackers[1].Hold!.SetResult();
        Assert.NotNull(_announcer.Failure);
        Assert.False(_announcer.AnyAnswered);
    }

    [Fact]
    public void A_silent_tracker_is_waited_for_five_seconds_at_most()
    {
        Make("a").Hold = new TaskCompletionSource();
        FakeTracker[] trackers = Start(["a"], ["b"]);
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.Equal([1, 0], Counts(trackers));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal([1, 1], Counts(trackers));
        // It may still answer.
        trackers[0].Hold!.SetResult();
        Assert.Equal(2 * TrackerAnnouncer.PeersWanted, _found.Count);
    }

    [Fact]
    public void A_working_tracker_comes_first_in_its_tier()
    {
        Make("a").Error = TorrentErrorId.TrackerUnreachable;
        Make("a").Response = Make("b").Response = new AnnounceResponse { Interval = TimeSpan.FromMinutes(20) };
        FakeTracker[] trackers = Start(["a", "b"]);
        int before = trackers[0].Requests.Count;
        // The back-off of a has ended by then, but b is first now and works.
        _time.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal([before, 2], Counts(trackers));
    }

    [Fact]
    public void A_tier_is_shuffled()
    {
        var firsts = new HashSet<string>();
        for (int i = 0; i < 100; i++)
        {
            var trackers = new Dictionary<Uri, FakeTracker>();
            var announcer = new TrackerAnnouncer(
                Request([[new("http://a/announce"), new("http://b/announce")]]),
                uri => trackers[uri] = new FakeTracker(uri));
            announcer.Start();
            firsts.Add(trackers.Values.Single(tracker => tracker.Requests.Count == 1).Uri.Host);
        }
        Assert.Equal(["a", "b"], firsts.Order());
    }

    [Theory]
    [InlineData(900, null, 900)]
    [InlineData(null, null, 1800)]
    [InlineData(1, null, 60)]
    [InlineData(600, 700, 700)]
    [InlineData(1_000_000, null, 86400)]
    public void The_interval_is_kept_within_sane_bounds(int? interval, int? minInterval, int expected)
    {
        Make("a").Response = new AnnounceResponse { Interval = Seconds(interval), MinInterval = Seconds(minInterval) };
        FakeTracker a = Start(["a"])[0];
        _time.Advance(TimeSpan.FromSeconds(expected) - TimeSpan.FromMilliseconds(1));
        Assert.Single(a.Requests);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([Started, None], a.Events);

        static TimeSpan? Seconds(int? seconds) => seconds is { } value ? TimeSpan.FromSeconds(value) : null;
    }

    /// <summary>A tracker in the local network is its owner's to set; BEP 15 has no minimum.</summary>
    [Theory]
    [InlineData(5, 5, 5)]
    [InlineData(5, null, 5)]
    [InlineData(1, 1, 5)]
    [InlineData(30, 10, 30)]
    [InlineData(600, null, 600)]
    public void A_tracker_that_is_near_may_have_a_short_interval(int interval, int? minInterval, int expected)
    {
        Make("a").Response = new AnnounceResponse { IsNear = true, Interval = TimeSpan.FromSeconds(interval), MinInterval = minInterval is { } value ? TimeSpan.FromSeconds(value) : null };
        FakeTracker a = Start(["a"])[0];
        _time.Advance(TimeSpan.FromSeconds(expected) - TimeSpan.FromMilliseconds(1));
        Assert.Single(a.Requests);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([Started, None], a.Events);
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("192.168.1.1", true)]
    [InlineData("fd00::1", true)]
    [InlineData("203.0.113.1", false)]
    [InlineData(null, false)]
    public void A_tracker_is_near_at_addresses_of_this_machine_and_of_local_networks(string? address, bool isNear) =>
        Assert.Equal(isNear, TrackerReply.ReadAnnounce("d8:intervali5e5:peers0:e"u8, new Uri("http://a/announce"), address is null ? null : IPAddress.Parse(address)).IsNear);

    [Theory]
    [InlineData(null, 60)]
    [InlineData(300, 300)]
    [InlineData(5, 60)]
    public void More_peers_are_requested_no_sooner_than_the_tracker_allows(int? minInterval, int expected)
    {
        Make("a").Response = new AnnounceResponse { Interval = TimeSpan.FromSeconds(900), MinInterval = minInterval is { } value ? TimeSpan.FromSeconds(value) : null };
        FakeTracker a = Start(["a"])[0];
        _announcer!.RequestMore();
        _time.Advance(TimeSpan.FromSeconds(expected) - TimeSpan.FromMilliseconds(1));
        _announcer.RequestMore();
        Assert.Single(a.Requests);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([Started, None], a.Events);
        // After this announce, the interval applies again.
        _time.Advance(TimeSpan.FromSeconds(899));
        Assert.Equal(2, a.Requests.Count);
    }

    [Fact]
    public void More_peers_are_requested_from_trackers_that_were_not_needed_before()
    {
        FakeTracker[] trackers = Start(["a"], ["b"], ["c"]);
        _announcer!.RequestMore();
        Assert.Equal([1, 1, 1], Counts(trackers));
    }

    [Fact]
    public void A_failing_tracker_is_retried_at_growing_intervals()
    {
        Make("a").Error = TorrentErrorId.TrackerUnreachable;
        FakeTracker a = Start(["a"])[0];
        int tries = 1;
        foreach (int seconds in new[] { 15, 30, 60, 120, 240, 480, 960, 1800, 1800 })
        {
            _time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            Assert.Equal(tries, a.Requests.Count);
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal(++tries, a.Requests.Count);
        }
        Assert.All(a.Events, sent => Assert.Equal(Started, sent));
    }

    [Fact]
    public void A_tracker_that_answered_with_a_failure_is_left_alone_for_longer()
    {
        Make("a").Error = TorrentErrorId.TrackerFailure;
        FakeTracker a = Start(["a"])[0];
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Single(a.Requests);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, a.Requests.Count);
    }

    [Fact]
    public void A_tracker_that_dies_and_comes_back_gets_announces_without_a_second_start()
    {
        FakeTracker[] trackers = Start(["a"], ["b"]);
        trackers[0].Error = TorrentErrorId.TrackerUnreachable;
        _time.Advance(TimeSpan.FromSeconds(900));
        Assert.Equal([2, 1], Counts(trackers));
        trackers[0].Error = null;
        _time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal([Started, None, None], trackers[0].Events);
        Assert.Null(_announcer!.Statuses[0].LastError);
        // The back-off starts again.
        trackers[0].Error = TorrentErrorId.TrackerUnreachable;
        _time.Advance(TimeSpan.FromSeconds(900));
        _time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(5, trackers[0].Requests.Count);
    }

    [Fact]
    public void Completion_is_announced_once_to_trackers_that_know_us()
    {
        Make("b").Error = TorrentErrorId.TrackerUnreachable;
        Make("a").Peers = 0;
        FakeTracker[] trackers = Start(["a"], ["b"], ["c"]);
        _left = 0;
        _announcer!.Completed();
        _announcer.Completed();
        Assert.Equal([Started, Completed], trackers[0].Events);
        Assert.Equal(0, trackers[0].Requests[1].Statistics.Left);
        Assert.Equal([Started, Completed], trackers[2].Events);
        // Later it starts as a seeder (BEP 3).
        trackers[1].Error = null;
        _time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal([Started, Started], trackers[1].Events);
        _time.Advance(TimeSpan.FromSeconds(900));
        Assert.Equal(None, trackers[0].Events.Last());
    }

    [Fact]
    public void Completion_is_announced_after_a_start_in_flight()
    {
        Make("a").Hold = new TaskCompletionSource();
        FakeTracker a = Start(["a"])[0];
        _announcer!.Completed();
        Assert.Single(a.Requests);
        a.Hold!.SetResult();
        Assert.Equal([Started, Completed], a.Events);
    }

    [Fact]
    public void A_failed_completion_is_announced_again()
    {
        FakeTracker a = Start(["a"])[0];
        a.Error = TorrentErrorId.TrackerUnreachable;
        _announcer!.Completed();
        a.Error = null;
        _time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal([Started, Completed, Completed], a.Events);
        _time.Advance(TimeSpan.FromSeconds(900));
        Assert.Equal(None, a.Events.Last());
    }

    [Fact]
    public void Completion_is_not_announced_if_the_data_was_complete_at_the_start()
    {
        _left = 0;
        FakeTracker a = Start(["a"])[0];
        _announcer!.Completed();
        Assert.Equal([Started], a.Events);
    }

    [Fact]
    public async Task Only_trackers_that_may_list_us_get_the_stop()
    {
        Make("failed").Error = TorrentErrorId.TrackerUnreachable;
        Make("unconnected").Hold = new TaskCompletionSource();
        Make("unconnected").Sends = false;
        Make("silent").Hold = new TaskCompletionSource();
        FakeTracker[] trackers = Start(["failed"], ["unconnected"], ["silent"], ["good"], ["unneeded"]);
        _time.Advance(TimeSpan.FromSeconds(5));
        _time.Advance(TimeSpan.FromSeconds(5));
        trackers[2].Hold = null;
        await _announcer!.StopAsync(TimeSpan.FromSeconds(1));
        Assert.Equal([Started], trackers[0].Events);
        Assert.Equal([Started], trackers[1].Events);
        Assert.Equal([Started, Stopped], trackers[2].Events);
        Assert.Equal([Started, Stopped], trackers[3].Events);
        Assert.Empty(trackers[4].Events);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_tracker_that_hangs_delays_the_stop_only_up_to_its_limit(bool ignoresCancellation)
    {
        FakeTracker[] trackers = Start(["a"]);
        trackers[0].Hold = new TaskCompletionSource();
        trackers[0].IgnoresCancellation = ignoresCancellation;
        Task stop = _announcer!.StopAsync(TimeSpan.FromSeconds(1));
        Assert.False(stop.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        await stop;
        Assert.Equal([Started, Stopped], trackers[0].Events);
    }

    [Fact]
    public async Task A_completion_in_flight_arrives_before_the_stop()
    {
        FakeTracker a = Start(["a"])[0];
        var hold = a.Hold = new TaskCompletionSource();
        _announcer!.Completed();
        a.Hold = null;
        Task stop = _announcer.StopAsync(TimeSpan.FromSeconds(1));
        Assert.Equal([Started, Completed], a.Events);
        hold.SetResult();
        await stop;
        Assert.Equal([Started, Completed, Stopped], a.Events);
    }

    [Fact]
    public async Task A_completion_during_the_start_is_announced_before_the_stop()
    {
        FakeTracker a = Start(["a"])[0];
        a.Hold = new TaskCompletionSource();
        _time.Advance(TimeSpan.FromSeconds(900));
        _announcer!.Completed();
        a.Hold = null;
        await _announcer.StopAsync(TimeSpan.FromSeconds(1));
        Assert.Equal([Started, None, Completed, Stopped], a.Events);
    }

    [Fact]
    public async Task Nothing_is_announced_after_the_stop()
    {
        FakeTracker a = Start(["a"])[0];
        await _announcer!.StopAsync(TimeSpan.FromSeconds(1));
        _announcer.RequestMore();
        _announcer.Completed();
        _announcer.Start();
        await _announcer.StopAsync(TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromDays(2));
        Assert.Equal([Started, Stopped], a.Events);
    }

    [Fact]
    public void A_tracker_id_is_sent_back_until_another_arrives()
    {
        Make("a").Response = new AnnounceResponse { TrackerId = "id"u8.ToArray() };
        FakeTracker a = Start(["a"])[0];
        a.Response = new AnnounceResponse();
        _time.Advance(TimeSpan.FromMinutes(30));
        _time.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(["", "id", "id"], a.Requests.Select(request => System.Text.Encoding.ASCII.GetString(request.TrackerId.Span)));
        Assert.Single(a.Requests.Select(request => request.Key).Distinct());
    }

    [Fact]
    public void A_partial_answer_is_passed_on_and_ends_the_waiting()
    {
        Make("a").Hold = new TaskCompletionSource();
        FakeTracker[] trackers = Start(["a"], ["b"]);
        trackers[0].Requests[0].PartReceived!(new AnnounceResponse { Peers = [new DiscoveredPeer(new(1, 1), PeerSource.Tracker, null, default)] });
        Assert.Equal([1, 1], Counts(trackers));
        Assert.Equal(1 + TrackerAnnouncer.PeersWanted, _found.Count);
    }

    [Fact]
    public void A_tracker_listed_twice_is_asked_once()
    {
        Make("a").Peers = 0;
        FakeTracker a = Start(["a"], ["a"])[0];
        Assert.Single(a.Requests);
        Assert.Single(_announcer!.Statuses);
    }

    [Fact]
    public async Task Without_trackers_nothing_happens()
    {
        Start();
        _announcer!.RequestMore();
        Assert.Null(_announcer.Failure);
        Assert.Empty(_announcer.Statuses);
        await _announcer.StopAsync(TimeSpan.FromSeconds(1));
    }

    private static IEnumerable<int> Counts(params FakeTracker[] trackers) => trackers.Select(tracker => tracker.Requests.Count);

    private FakeTracker Make(string name)
    {
        if (!_trackers.TryGetValue(name, out FakeTracker? tracker))
            _trackers.Add(name, tracker = new FakeTracker(new Uri($"http://{name}/announce")));
        return tracker;
    }

    [Theory]
    [InlineData(-365)]
    [InlineData(-0.05)]
    [InlineData(365)]
    public void Setting_the_clock_changes_nothing(double days)
    {
        Make("a").Response = new AnnounceResponse { Interval = TimeSpan.FromSeconds(900), MinInterval = TimeSpan.FromSeconds(900) };
        var clock = new JumpingTimeProvider(_time);
        _announcer = new TrackerAnnouncer(Request([[_trackers["a"].Uri]]) with { TimeProvider = clock }, uri => _trackers[uri.Host]);
        _announcer.Start();
        clock.Jump(TimeSpan.FromDays(days));
        _announcer.RequestMore();
        _time.Advance(TimeSpan.FromSeconds(850));
        Assert.Single(_trackers["a"].Requests);
        _time.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal(2, _trackers["a"].Requests.Count);
        clock.Jump(TimeSpan.FromDays(-days));
        _time.Advance(TimeSpan.FromSeconds(900));
        Assert.Equal(3, _trackers["a"].Requests.Count);
    }

    [Fact]
    public async Task A_partial_seed_declares_itself_in_every_announce_but_the_last()
    {
        _isPartialSeed = true;
        FakeTracker a = Start(["a"])[0];
        _time.Advance(TimeSpan.FromHours(2));
        Assert.True(a.Requests.Count > 1);
        Assert.All(a.Requests, request => Assert.Equal((Paused, 1000), (request.Event, request.Statistics.Left)));
        Task stopped = _announcer!.StopAsync(TimeSpan.FromSeconds(1));
        await stopped;
        Assert.Equal(Stopped, a.Requests[^1].Event);
    }

    [Fact]
    public void A_complete_selection_does_not_complete_the_torrent()
    {
        FakeTracker a = Start(["a"])[0];
        _isPartialSeed = true;
        _announcer!.Completed();
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal([Started, Paused], a.Requests.Select(request => request.Event));
    }

    [Fact]
    public async Task A_fault_with_one_tracker_is_logged_and_ends_neither_its_announces_nor_the_stop()
    {
        Make("a").Fault = new InvalidOperationException("injected");
        FakeTracker[] trackers = Start(["a"], ["b"]);
        Assert.Equal([1, 1], Counts(trackers));
        Assert.Contains("by a fault of this program: System.InvalidOperationException: injected", Assert.Single(_log, line => line.Contains("fault", StringComparison.Ordinal)), StringComparison.Ordinal);
        trackers[1].Fault = trackers[0].Fault;
        await _announcer!.StopAsync(TimeSpan.FromSeconds(1));
        Assert.Equal([Started, Stopped], trackers[1].Events);
        Assert.Equal(2, _log.Count(line => line.Contains("by a fault of this program: System.InvalidOperationException: injected", StringComparison.Ordinal)));
    }

    [Fact]
    public void After_a_fault_with_its_peers_a_tracker_is_asked_again()
    {
        _fault = new InvalidOperationException("injected");
        FakeTracker a = Start(["a"])[0];
        Assert.Contains(_log, line => line.Contains("by a fault of this program: System.InvalidOperationException: injected", StringComparison.Ordinal));
        _fault = null;
        _time.Advance(TimeSpan.FromSeconds(1000));
        Assert.Equal(2, a.Requests.Count);
        Assert.Equal(a.Peers, _found.Count);
    }

    private FakeTracker[] Start(params string[][] tiers)
    {
        _announcer = new TrackerAnnouncer(Request([.. tiers.Select(tier => tier.Select(name => Make(name).Uri).ToArray())]), uri => _trackers[uri.Host]);
        _announcer.Start();
        return [.. tiers.SelectMany(tier => tier).Select(Make)];
    }

    private DiscoveryRequest Request(Uri[][] tiers) => new()
    {
        Trackers = tiers,
        Name = "test",
        InfoHash = DiscoveryData.Hash,
        PeerId = DiscoveryData.PeerId,
        Port = () => 6881,
        Statistics = () => new AnnounceStatistics(0, 0, _left, _isPartialSeed),
        PeersFound = peers => (_fault is { } fault ? throw fault : _found).AddRange(peers),
        Log = _log.Add,
        TimeProvider = _time,
    };
}
