using System.Net;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Tests.Discovery;

/// <summary>A kind of discovery that does what the test says, and the one discovery that it makes.</summary>
internal sealed class FakeDiscovery(PeerSource source) : IDiscoveryService, IPeerDiscovery
{
    private readonly TaskCompletionSource _firstRound = new();

    public PeerSource Source => source;

    public List<string> Calls { get; } = [];

    public DiscoveryRequest? Request { get; private set; }

    /// <summary>Why it is of no use.</summary>
    public string? Useless { get; set; }

    public bool AnyAnswered { get; set; }

    public TorrentException? Failure { get; set; }

    public Task FirstRound => _firstRound.Task;

    public IPeerDiscovery Create(DiscoveryRequest request)
    {
        if (Useless is { } reason)
            throw new TorrentException(TorrentErrorId.NoPeers, reason);
        Request = request;
        return this;
    }

    public void Find(params string[] endPoints)
    {
        AnyAnswered = true;
        Request!.PeersFound([.. endPoints.Select(text => new DiscoveredPeer(IPEndPoint.Parse(text), source, null, default))]);
    }

    public void EndRound() => _firstRound.TrySetResult();

    public void Start() => Calls.Add("start");

    public void RequestMore() => Calls.Add("more");

    public void Completed() => Calls.Add("completed");

    public Task StopAsync(TimeSpan limit)
    {
        Calls.Add($"stop {limit.TotalSeconds:0}");
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        Calls.Add("dispose");
        return ValueTask.CompletedTask;
    }
}
