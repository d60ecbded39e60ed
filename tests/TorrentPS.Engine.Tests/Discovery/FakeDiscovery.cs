using System.Net;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Tests.Discovery;

/// <summary>A scripted kind of discovery, and the one discovery that it creates.</summary>
internal sealed class FakeDiscovery(PeerSource source) : IDiscoveryService, IPeerDiscovery
{
    private readonly TaskCompletionSource _firstRound = new();

    public PeerSource Source => source;

    public List<string> Calls { get; } = [];

    public DiscoveryRequest? Request { get; private set; }

    /// <summary>The reason for which it is unusable.</summary>
    public string? Useless { get; set; }

    /// <summary>A fault of this program, thrown by every call.</summary>
    public Exception? Fault { get; set; }

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

    public void Start() => Call("start");

    public void RequestMore() => Call("more");

    public void Completed() => Call("completed");

    private void Call(string name)
    {
        Calls.Add(name);
        if (Fault is { } fault)
            throw fault;
    }

    public Task StopAsync(TimeSpan limit)
    {
        Call($"stop {limit.TotalSeconds:0}");
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        Call("dispose");
        return ValueTask.CompletedTask;
    }
}
