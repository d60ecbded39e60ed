using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Tests.Discovery;

public sealed class NamedPeersTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _found = [];
    private readonly List<TorrentException> _errors = [];
    private readonly Dictionary<string, Task<IPAddress[]>> _names = [];
    private NamedPeers? _peers;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _peers?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Start(params string[] names)
    {
        _peers = new NamedPeers(new DiscoveryRequest
        {
            InfoHash = DiscoveryData.Hash,
            Name = "test",
            PeerNames = [.. names.Select(name => new DnsEndPoint(name, 6881))],
            PeerId = DiscoveryData.PeerId,
            Port = () => 6881,
            Statistics = () => default,
            PeersFound = peers => _found.AddRange(peers.Select(peer => $"{peer.EndPoint} {peer.Source}")),
            OnError = _errors.Add,
            TimeProvider = _time,
        }, (name, _) => _names[name]);
        _peers.Start();
    }

    private static Task<IPAddress[]> Addresses(params string[] addresses) => Task.FromResult(Array.ConvertAll(addresses, IPAddress.Parse));

    private static Task<IPAddress[]> Unknown() => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));

    [Fact]
    public async Task All_addresses_of_a_name_are_tried_and_names_do_not_wait_for_each_other()
    {
        var slow = new TaskCompletionSource<IPAddress[]>();
        _names.Add("slow.example", slow.Task);
        _names.Add("quick.example", Addresses("2001:db8::1", "192.0.2.1"));
        Start("slow.example", "quick.example");
        Assert.Equal(["[2001:db8::1]:6881 Manual", "192.0.2.1:6881 Manual"], _found);
        Assert.False(_peers!.FirstRound.IsCompleted);
        Assert.Null(_peers.Failure);
        slow.SetResult([IPAddress.Parse("192.0.2.2")]);
        await _peers.FirstRound.WaitAsync(Token);
        Assert.Contains("192.0.2.2:6881 Manual", _found);
        Assert.Empty(_errors);
        // No peer has answered yet: only a connection shows whether it is reachable.
        Assert.False(_peers.AnyAnswered);
        Assert.Contains("could be reached", _peers.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_without_an_address_is_reported_and_looked_up_again_later()
    {
        _names.Add("unknown.example", Unknown());
        Start("unknown.example");
        await _peers!.FirstRound.WaitAsync(Token);
        TorrentException error = Assert.Single(_errors);
        Assert.Equal(TorrentErrorId.UnknownHost, error.ErrorId);
        Assert.Contains("'unknown.example' has no address", error.Message, StringComparison.Ordinal);
        Assert.Same(error, _peers.Failure);
        _time.Advance(TimeSpan.FromSeconds(60));
        _peers.RequestMore();
        Assert.NotSame(error, _peers.Failure);
        Assert.Single(_errors); // reported once
        _names["unknown.example"] = Addresses("192.0.2.1");
        _time.Advance(TimeSpan.FromSeconds(59));
        _peers.RequestMore();
        Assert.Empty(_found);
        _time.Advance(TimeSpan.FromSeconds(1));
        _peers.RequestMore();
        Assert.Single(_found);
        _time.Advance(TimeSpan.FromSeconds(60));
        _peers.RequestMore();
        Assert.Single(_found);
    }

    [Fact]
    public async Task A_resolver_without_an_answer_is_given_up()
    {
        _names.Add("silent.example", new TaskCompletionSource<IPAddress[]>().Task);
        Start("silent.example");
        _time.Advance(TimeSpan.FromSeconds(10));
        await _peers!.FirstRound.WaitAsync(Token);
        Assert.Contains("within 10 s", Assert.Single(_errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopping_cancels_lookups_silently()
    {
        _names.Add("silent.example", new TaskCompletionSource<IPAddress[]>().Task);
        Start("silent.example");
        await _peers!.StopAsync(TimeSpan.FromSeconds(1));
        await _peers.FirstRound.WaitAsync(Token);
        Assert.Empty(_errors);
    }
}
