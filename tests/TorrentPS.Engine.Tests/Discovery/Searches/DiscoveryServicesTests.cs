using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Errors;
using static TorrentPS.PeerSource;

namespace TorrentPS.Engine.Tests.Discovery.Searches;

public sealed class DiscoveryServicesTests : IAsyncDisposable
{
    private readonly FakeDiscovery _tracker = new(Tracker);
    private readonly FakeDiscovery _dht = new(PeerSource.Dht);
    private readonly FakeDiscovery _lsd = new(LocalDiscovery);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => new DiscoveryServices([_tracker, _dht, _lsd]).DisposeAsync();

    private static DiscoveryRequest Request { get; } = new()
    {
        InfoHash = DiscoveryData.Hash,
        Name = "test",
        PeerId = DiscoveryData.PeerId,
        Port = () => 6881,
        Statistics = () => default,
        PeersFound = _ => { },
    };

    [Fact]
    public void Everything_is_requested_from_the_start()
    {
        PeerDiscoveries discoveries = For(Request);
        Assert.Empty(discoveries.Refusals);
        discoveries.Start();
        discoveries.RequestMore();
        discoveries.Completed();
        Assert.All([_tracker, _dht, _lsd], discovery => Assert.Equal(["start", "more", "completed"], discovery.Calls));
    }

    [Fact]
    public void A_private_torrent_asks_only_its_trackers()
    {
        PeerDiscoveries discoveries = For(Request with { IsPrivate = true });
        Assert.Empty(discoveries.Refusals);
        Assert.NotNull(_tracker.Request);
        Assert.Null(_dht.Request);
        Assert.Null(_lsd.Request);
        Assert.False((Request with { IsPrivate = true }).Allows(PeerExchange));
        Assert.True((Request with { IsPrivate = true }).Allows(Manual));
    }

    [Theory]
    [InlineData(PeerSource.Dht)]
    [InlineData(PeerExchange)]
    [InlineData(LocalDiscovery)]
    public void Sources_forbidden_by_a_private_torrent_are_refused_by_name(PeerSource source)
    {
        PeerDiscoveries discoveries = For(Request with { IsPrivate = true, Sources = [source, Tracker] });
        TorrentException refusal = Assert.Single(discoveries.Refusals);
        Assert.Equal(TorrentErrorId.NoPeers, refusal.ErrorId);
        Assert.Contains("private", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(source.ToString(), refusal.Message, StringComparison.Ordinal);
        Assert.NotNull(_tracker.Request); // the rest continues
        Assert.Null(_dht.Request);
    }

    [Fact]
    public void One_source_works_by_itself()
    {
        PeerDiscoveries discoveries = For(Request with { Sources = [PeerSource.Dht] });
        Assert.Empty(discoveries.Refusals);
        Assert.NotNull(_dht.Request);
        Assert.Null(_tracker.Request);
    }

    [Fact]
    public void Sources_that_the_client_does_not_have_are_refused_by_name()
    {
        var services = new DiscoveryServices([_tracker]);
        Assert.Contains("Dht", Assert.Single(services.For(Request with { Sources = [PeerSource.Dht, Manual] }).Refusals).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Peer_exchange_is_refused_to_a_search_only()
    {
        Assert.Empty(For(Request with { Sources = [PeerExchange] }).Refusals);
        Assert.Contains("PeerExchange", Assert.Single(For(Request with { Sources = [PeerExchange], IsSearch = true }).Refusals).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unavailable_source_matters_only_if_it_was_named_or_is_the_last()
    {
        _tracker.Useless = "no tracker";
        Assert.Empty(For(Request).Refusals);
        Assert.Equal("no tracker", Assert.Single(For(Request with { Sources = [Tracker, PeerSource.Dht] }).Refusals).Message);
        _dht.Useless = _lsd.Useless = "nothing";
        PeerDiscoveries discoveries = For(Request);
        Assert.Equal(["no tracker", "nothing", "nothing"], discoveries.Refusals.Select(refusal => refusal.Message));
        Assert.True(discoveries.IsEmpty);
    }

    [Fact]
    public void Sources_are_exhausted_only_when_each_has_failed_and_the_trackers_reason_is_reported()
    {
        PeerDiscoveries discoveries = For(Request);
        Assert.False(discoveries.AllFailed);
        _dht.Failure = new TorrentException(TorrentErrorId.NoPeers, "dht");
        _lsd.Failure = new TorrentException(TorrentErrorId.NoPeers, "lsd");
        Assert.False(discoveries.AllFailed);
        Assert.Equal("dht", discoveries.Failure!.Message);
        _tracker.Failure = new TorrentException(TorrentErrorId.TrackerUnreachable, "tracker");
        Assert.True(discoveries.AllFailed);
        Assert.Equal("tracker", discoveries.Failure!.Message);
        Assert.False(discoveries.AnyAnswered);
        _lsd.AnyAnswered = true;
        Assert.True(discoveries.AnyAnswered);
    }

    [Fact]
    public async Task Stopping_stops_all()
    {
        PeerDiscoveries discoveries = For(Request);
        await discoveries.StopAsync();
        await discoveries.DisposeAsync();
        Assert.All([_tracker, _dht, _lsd], discovery => Assert.Equal(["stop 3", "dispose"], discovery.Calls));
    }

    [Fact]
    public async Task A_search_yields_each_address_once_as_it_arrives_and_ends_with_the_last_answer()
    {
        var errors = new List<TorrentException>();
        await using var search = new PeerSearch(DiscoveryData.Torrent(), new PeerSearchOptions { OnError = errors.Add }, new DiscoveryServices([_tracker, _dht, _lsd]), new FakeTimeProvider());
        search.Start();
        await using IAsyncEnumerator<DiscoveredPeer> peers = search.ReadAsync(Token).GetAsyncEnumerator(Token);
        _dht.Find("192.0.2.1:1", "192.0.2.2:1");
        Assert.True(await peers.MoveNextAsync());
        Assert.Equal(("192.0.2.1:1", PeerSource.Dht), (peers.Current.EndPoint.ToString(), peers.Current.Source));
        _tracker.Find("192.0.2.2:1", "192.0.2.3:1");
        Assert.True(await peers.MoveNextAsync());
        Assert.Equal(("192.0.2.2:1", PeerSource.Dht), (peers.Current.EndPoint.ToString(), peers.Current.Source));
        Assert.True(await peers.MoveNextAsync());
        Assert.Equal(("192.0.2.3:1", Tracker), (peers.Current.EndPoint.ToString(), peers.Current.Source));
        _dht.EndRound();
        _tracker.EndRound();
        ValueTask<bool> end = peers.MoveNextAsync();
        Assert.False(end.IsCompleted);
        _lsd.EndRound();
        Assert.False(await end);
        Assert.True(_dht.Request!.IsSearch);
        Assert.Empty(errors);
    }

    private PeerDiscoveries For(DiscoveryRequest request) => new DiscoveryServices([_tracker, _dht, _lsd], stopLimit: TimeSpan.FromSeconds(3)).For(request);
}
