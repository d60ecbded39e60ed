using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>
/// The connections to an HTTP tracker: accepts them within the limits, and closes slow ones. When all places are taken, the client with most of them loses one to a
/// client with fewer.
/// </summary>
/// <remarks>Based on a socket: HttpListener needs URL permissions on Windows and has no time limits; ASP.NET is not available in every host of the module.</remarks>
internal sealed class TrackerHttpListener : IAsyncDisposable
{
    private static readonly TimeSpan s_watch = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);

    private readonly Socket _listener;
    private readonly TrackerServerOptions _options;
    private readonly TrackerHttpService _service;
    private readonly CancellationTokenSource _ending = new();
    private readonly Dictionary<TrackerConnection, Task> _connections = [];
    private readonly Lock _lock = new();
    private readonly Dictionary<PeerKey, int> _bySubscriber = [];
    private readonly ITimer _watch;
    private readonly Task _accepting;
    private int _count;

    public TrackerHttpListener(Socket listener, TrackerServerOptions options, TrackerHttpService service)
    {
        (_listener, _options, _service) = (listener, options, service);
        _watch = options.TimeProvider.CreateTimer(static state => ((TrackerHttpListener)state!).CloseSlow(), this, s_watch, s_watch);
        _accepting = AcceptAsync();
    }

    /// <summary>Stops listening and closes every connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _watch.DisposeAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        KeyValuePair<TrackerConnection, Task>[] connections = Connections();
        foreach ((TrackerConnection connection, _) in connections)
            connection.Close();
        await Task.WhenAll(connections.Select(connection => connection.Value)).ConfigureAwait(false);
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                Take(await _listener.AcceptAsync(_ending.Token).ConfigureAwait(false));
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // A client that left while it waited, or too many open files: neither is a reason to stop, or to spin.
                await Task.Delay(s_pause, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                // A fault loses this connection, not the tracker.
                Tell(exception);
            }
        }
    }

    private void Tell(Exception fault) => _options.Log?.Invoke($"A connection is closed by a fault of this program: {fault}");

    private void Take(Socket socket)
    {
        PeerKey from;
        try
        {
            // An IPv4-mapped address has the same key as the IPv4 address.
            from = PeerKey.Create(((IPEndPoint)socket.RemoteEndPoint!).Address, 0);
        }
        catch (SocketException)
        {
            // It has already left.
            socket.Dispose();
            return;
        }
        TrackerConnection connection;
        TrackerConnection? leaving = null;
        var added = new TaskCompletionSource();
        lock (_lock)
        {
            int ofSubscriber = _bySubscriber.GetValueOrDefault(from.Subscriber);
            if (ofSubscriber >= _options.MaxConnectionsPerAddress || (_count >= _options.MaxConnections && (leaving = OneToLeave(ofSubscriber)) is null))
            {
                socket.Dispose();
                return;
            }
            if (leaving is not null)
                GiveUpPlace(leaving);
            _count++;
            _bySubscriber[from.Subscriber] = ofSubscriber + 1;
            connection = new TrackerConnection(socket, from, _service, _options.TimeProvider);
            _connections.Add(connection, added.Task);
        }
        leaving?.Close();
        _ = ServeAsync(connection, added);
    }

    private async Task ServeAsync(TrackerConnection connection, TaskCompletionSource ended)
    {
        try
        {
            await connection.RunAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Tell(exception);
        }
        finally
        {
            lock (_lock)
            {
                _connections.Remove(connection);
                GiveUpPlace(connection);
            }
            connection.Dispose();
            ended.SetResult();
        }
    }

    /// <summary>
    /// The connection to evict for a subscriber with a given number of connections: of the subscriber with most, if that is more, the one that has waited longest.
    /// </summary>
    private TrackerConnection? OneToLeave(int count)
    {
        EvictionChoice<TrackerConnection> choice = new(count);
        foreach (TrackerConnection connection in _connections.Keys)
        {
            if (connection.HasPlace)
                choice.Offer(connection, _bySubscriber[connection.From.Subscriber], connection.Since);
        }
        return choice.Found;
    }

    private void GiveUpPlace(TrackerConnection connection)
    {
        if (!connection.HasPlace)
            return;
        connection.HasPlace = false;
        _count--;
        PeerKey subscriber = connection.From.Subscriber;
        if (--_bySubscriber[subscriber] == 0)
            _bySubscriber.Remove(subscriber);
    }

    private void CloseSlow()
    {
        foreach ((TrackerConnection connection, _) in Connections())
            connection.CloseIfSlow();
    }

    private KeyValuePair<TrackerConnection, Task>[] Connections()
    {
        lock (_lock)
            return [.. _connections];
    }
}
