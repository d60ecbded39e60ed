using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Discovery.Searches;

/// <summary>All sources of peers for one torrent, which run in parallel from the start.</summary>
internal sealed class PeerDiscoveries(IReadOnlyList<IPeerDiscovery> members, IReadOnlyList<TorrentException> refusals, TimeSpan stopLimit, Action<string>? log = null) : IAsyncDisposable
{
    /// <summary>Why requested sources are missing; if there are none at all, the reasons.</summary>
    public IReadOnlyList<TorrentException> Refusals => refusals;

    public bool IsEmpty => members.Count == 0;

    /// <summary>Whether any source has ever been answered.</summary>
    public bool AnyAnswered => members.Any(member => member.AnyAnswered);

    /// <summary>Whether all sources have currently failed; true if there are none.</summary>
    public bool AllFailed => members.All(member => member.Failure is not null);

    /// <summary>
    /// The error of one of them; null if none has failed. Errors that a user can do something about come first: a tracker's reason, then that of a given peer.
    /// </summary>
    public TorrentException? Failure => members
        .OrderBy(member => member.Source switch { PeerSource.Tracker => 0, PeerSource.Manual => 1, _ => 2 })
        .Select(member => member.Failure)
        .FirstOrDefault(failure => failure is not null);

    /// <summary>Completes when each source has been answered, or has failed, once.</summary>
    public Task FirstRound => Task.WhenAll(members.Select(member => member.FirstRound));

    public void Start() => ForEach(static member => member.Start());

    /// <summary>The torrent has too few peers.</summary>
    public void RequestMore() => ForEach(static member => member.RequestMore());

    /// <summary>The download is complete.</summary>
    public void Completed() => ForEach(static member => member.Completed());

    /// <summary>Stops all sources in parallel, and removes us from lists, within the limit.</summary>
    public Task StopAsync() => Task.WhenAll(members.Select(member => TryAsync(member, () => member.StopAsync(stopLimit))));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (IPeerDiscovery member in members)
            await TryAsync(member, () => member.DisposeAsync().AsTask()).ConfigureAwait(false);
    }

    private void ForEach(Action<IPeerDiscovery> action)
    {
        foreach (IPeerDiscovery member in members)
        {
            try
            {
                action(member);
            }
            catch (Exception e)
            {
                Tell(member, e);
            }
        }
    }

    private async Task TryAsync(IPeerDiscovery member, Func<Task> action)
    {
        try
        {
            await action().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Tell(member, e);
        }
    }

    /// <summary>A fault of this program in one source affects neither the others nor the torrent.</summary>
    private void Tell(IPeerDiscovery member, Exception fault) => log?.Invoke($"Peers are not looked for as they should be ({member.Source}) by a fault of this program: {fault}");
}
