using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Transport.Utp;

namespace TorrentPS.Engine.Transport.Connecting;

/// <summary>
/// Connects over TCP or uTP, whichever is there first. TCP has a start, since it is what costs least and is fastest where nothing is in its way; near by
/// it is so long that uTP is only for those who do not answer TCP. A peer that refuses TCP is tried over uTP at once.
/// </summary>
internal static class TransportRace
{
    private static readonly TimeSpan s_start = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_startNearBy = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan s_afterRefusal = TimeSpan.FromSeconds(3.5); // three SYN
    private static readonly TimeSpan s_afterRefusalNearBy = TimeSpan.FromSeconds(1.2);

    /// <summary>Connects.</summary>
    /// <param name="endPoint">The peer.</param>
    /// <param name="transport">Over what.</param>
    /// <param name="utp">Where uTP goes out; null when there is none.</param>
    /// <param name="route">How TCP goes out.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SocketException">There is no connection to be had: what TCP says, where it was tried.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<PeerStream> ConnectAsync(IPEndPoint endPoint, PeerTransport transport, UtpHost? utp, NetworkRoute route, TimeProvider time, CancellationToken cancellationToken)
    {
        route.ThrowIfBlocked(endPoint);
        if (transport == PeerTransport.Tcp || (utp is null && transport == PeerTransport.Any))
            return PeerConnector.ConnectNowAsync(endPoint, route, cancellationToken);
        if (transport == PeerTransport.Any)
        {
            bool isFar = AddressRules.ReachOf(endPoint.Address) == AddressReach.World;
            return RunAsync(token => PeerConnector.ConnectNowAsync(endPoint, route, token), token => utp!.ConnectAsync(endPoint, token),
                isFar ? s_start : s_startNearBy, isFar ? s_afterRefusal : s_afterRefusalNearBy, time, cancellationToken);
        }

        return utp?.ConnectAsync(endPoint, cancellationToken) ?? throw new SocketException((int)SocketError.NetworkDown);
    }

    /// <summary>Lets one begin, and the other when that fails or after a time; the first to connect wins, and the other is closed.</summary>
    /// <param name="first">Begins at once.</param>
    /// <param name="second">Begins later.</param>
    /// <param name="start">How much later, unless the first fails.</param>
    /// <param name="rest">How long the second may take when the first has failed.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends both.</param>
    public static async Task<PeerStream> RunAsync(Func<CancellationToken, Task<PeerStream>> first, Func<CancellationToken, Task<PeerStream>> second, TimeSpan start, TimeSpan rest, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var losing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        Task<PeerStream> one = first(losing.Token);
        if (await EndsWithinAsync(one, start, time, cancellationToken).ConfigureAwait(false))
        {
            if (one.IsCompletedSuccessfully)
                return one.Result;
            limit.CancelAfter(rest);
        }

        Task<PeerStream> other;
        try
        {
            other = second(losing.Token);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return await one.ConfigureAwait(false);
        }

        Task<PeerStream> winner = await Task.WhenAny(one.IsCompleted ? other : one, other).ConfigureAwait(false);
        if (!winner.IsCompletedSuccessfully)
            winner = winner == one ? other : one;
        await ((Task)winner).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await losing.CancelAsync().ConfigureAwait(false);
        Task<PeerStream> loser = winner == one ? other : one;
        if (!winner.IsCompletedSuccessfully)
        {
            Abandon(other);
            return await one.ConfigureAwait(false); // what TCP says is what a user knows
        }

        Abandon(loser);
        return winner.Result;
    }

    private static async Task<bool> EndsWithinAsync(Task task, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(limit, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            return false;
        }
        catch (Exception) when (task.IsCompleted && !cancellationToken.IsCancellationRequested)
        {
            // its own failure
        }
        catch (OperationCanceledException)
        {
            Abandon((Task<PeerStream>)task);
            throw;
        }

        return true;
    }

    private static void Abandon(Task<PeerStream> task) =>
        task.ContinueWith(static ended =>
        {
            if (ended.IsCompletedSuccessfully)
                ended.Result.Dispose();
            else
                _ = ended.Exception;
        }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
