using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Transport.Utp;

namespace TorrentPS.Engine.Transport.Connecting;

/// <summary>
/// Connects over TCP or uTP, whichever is faster. TCP gets a head start, because it costs least and is fastest if nothing is in its way; in the local network the head
/// start is so long that uTP is used only for peers that do not answer over TCP. A peer that refuses TCP is tried over uTP at once.
/// </summary>
internal static class TransportRace
{
    private static readonly TimeSpan s_start = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_startNearBy = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan s_afterRefusal = TimeSpan.FromSeconds(3.5); // three SYN
    private static readonly TimeSpan s_afterRefusalNearBy = TimeSpan.FromSeconds(1.2);

    /// <summary>Connects.</summary>
    /// <param name="endPoint">The peer.</param>
    /// <param name="transport">The allowed transports.</param>
    /// <param name="utp">The uTP host for a family; null if there is none.</param>
    /// <param name="route">The route of TCP connections.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="SocketException">The connection failed: the error of TCP, if it was tried.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
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

    /// <summary>Starts the first attempt, and the second when the first fails or after a delay; the first to connect wins, and the other is closed.</summary>
    /// <param name="first">Starts at once.</param>
    /// <param name="second">Starts later.</param>
    /// <param name="start">The delay of the second, unless the first fails.</param>
    /// <param name="rest">The time limit of the second after the first has failed.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Cancels both.</param>
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
            return await one.ConfigureAwait(false); // users know the errors of TCP
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
            // the second attempt has its own error
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
