using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Discovery.Searches;

/// <summary>All the ways of finding peers for one torrent, side by side from the start.</summary>
internal sealed class PeerDiscoveries(IReadOnlyList<IPeerDiscovery> members, IReadOnlyList<TorrentException> refusals, TimeSpan stopLimit, Action<string>? log = null) : IAsyncDisposable
{
    /// <summary>Why kinds of discovery that were asked for are not among these; when there are none at all, why.</summary>
    public IReadOnlyList<TorrentException> Refusals => refusals;

    public bool IsEmpty => members.Count == 0;

    /// <summary>Whether anybody has answered any of them at any time.</summary>
    public bool AnyAnswered => members.Any(member => member.AnyAnswered);

    /// <summary>Whether nothing is to be expected of any of them for now; so it is when there are none.</summary>
    public bool AllFailed => members.All(member => member.Failure is not null);

    /// <summary>Why one of them fails; null when none does. What a user can do something about comes first: a tracker's reason, then that of a given peer.</summary>
    public TorrentException? Failure => members
        .OrderBy(member => member.Source switch { PeerSource.Tracker => 0, PeerSource.Manual => 1, _ => 2 })
        .Select(member => member.Failure)
        .FirstOrDefault(failure => failure is not null);

    /// <summary>Ends when each has been answered, or has failed, once.</summary>
    public Task FirstRound => Task.WhenAll(members.Select(member => member.FirstRound));

    public void Start() => ForEach(static member => member.Start());

    /// <summary>The torrent has too few peers.</summary>
    public void RequestMore() => ForEach(static member => member.RequestMore());

    /// <summary>The download is complete.</summary>
    public void Completed() => ForEach(static member => member.Completed());

    /// <summary>Ends them all at once, and tells those that list us that we are gone, within the limit.</summary>
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

    /// <summary>A fault of this program with one way of finding peers is none with the others, nor with the torrent.</summary>
    private void Tell(IPeerDiscovery member, Exception fault) => log?.Invoke($"Peers are not looked for as they should be ({member.Source}) by a fault of this program: {fault}");
}
