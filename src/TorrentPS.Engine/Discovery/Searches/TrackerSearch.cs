using System.Security.Cryptography;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Discovery.Searches;

/// <summary>Asks every tracker of a torrent once, in parallel, and then sends them a stop.</summary>
internal sealed class TrackerSearch : IPeerDiscovery
{
    private const int MaxAtOnce = 32;

    private readonly DiscoveryRequest _request;
    private readonly Contact[] _contacts;
    private readonly CancellationTokenSource _ending = new();
    private readonly SemaphoreSlim _gate = new(MaxAtOnce);
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly uint _key = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));
    private int _isStopped;

    public TrackerSearch(DiscoveryRequest request, Func<Uri, ITracker> createTracker)
    {
        _request = request;
        _contacts = [.. request.Trackers.SelectMany(tier => tier).Distinct().Select(uri => new Contact(createTracker(uri)))];
    }

    public PeerSource Source => PeerSource.Tracker;

    public bool AnyAnswered => Array.Exists(_contacts, contact => contact.IsAnswered);

    public TorrentException? Failure => Array.TrueForAll(_contacts, contact => contact.Error is not null) ? _contacts[0].Error : null;

    public Task FirstRound => _asked.Task;

    public void Start() => _ = AskAllAsync();

    public void RequestMore()
    {
    }

    public void Completed()
    {
    }

    public async Task StopAsync(TimeSpan limit)
    {
        if (Interlocked.Exchange(ref _isStopped, 1) != 0)
            return;
        using var timeout = new CancellationTokenSource(limit, _request.TimeProvider);
        await _ending.CancelAsync().ConfigureAwait(false);
        try
        {
            await _asked.Task.WaitAsync(timeout.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            timeout.Token.ThrowIfCancellationRequested();
            await Task.WhenAll(_contacts.Where(contact => contact.MayListUs).Select(contact => TellStoppedAsync(contact, limit, timeout.Token))).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The time limit: the trackers will drop us by themselves.
        }
    }

    public ValueTask DisposeAsync() => new(StopAsync(TimeSpan.FromSeconds(1)));

    private async Task AskAllAsync()
    {
        try
        {
            using var timeout = new CancellationTokenSource(_request.Timeout, _request.TimeProvider);
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token, timeout.Token);
            await Task.WhenAll(_contacts.Select(contact => AskAsync(contact, ending.Token))).ConfigureAwait(false);
            _asked.TrySetResult();
        }
        catch (Exception exception)
        {
            // The search ends with this exception, rather than silently.
            _asked.TrySetException(exception);
        }
    }

    private async Task AskAsync(Contact contact, CancellationToken cancellationToken)
    {
        bool entered = false;
        try
        {
            await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            entered = true;
            AnnounceRequest request = Request(AnnounceEvent.Started, _request.Timeout) with
            {
                Sent = () => contact.MayListUs = true,
                PartReceived = response => Take(contact, response),
            };
            AnnounceResponse response = await contact.Tracker.AnnounceAsync(request, cancellationToken).ConfigureAwait(false);
            contact.MayListUs = true;
            Take(contact, response);
        }
        catch (TorrentException exception)
        {
            contact.MayListUs = false;
            Fail(contact, exception);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            if (!_ending.IsCancellationRequested)
                Fail(contact, TrackerErrors.Unreachable(contact.Tracker.Uri, $"there was no answer within {_request.Timeout.TotalSeconds:0.#} s"));
        }
        finally
        {
            if (entered)
                _gate.Release();
        }
    }

    private void Fail(Contact contact, TorrentException error)
    {
        contact.Error = error;
        _request.OnError?.Invoke(error);
    }

    private void Take(Contact contact, AnnounceResponse response)
    {
        contact.IsAnswered = true;
        ReadOnlyMemory<byte> ownId = _request.PeerId;
        int ownPort = _request.Port();
        _request.PeersFound([.. response.Peers.Where(peer => !peer.PeerId.Span.SequenceEqual(ownId.Span) && !OwnEntry.Is(peer.EndPoint, ownPort, response.ExternalAddress))]);
    }

    private async Task TellStoppedAsync(Contact contact, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await contact.Tracker.AnnounceAsync(Request(AnnounceEvent.Stopped, limit), cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TorrentException or OperationCanceledException)
        {
            // A failed stop: the tracker will drop us by itself.
        }
    }

    private AnnounceRequest Request(AnnounceEvent announceEvent, TimeSpan patience) => new()
    {
        InfoHash = _request.InfoHash,
        PeerId = _request.PeerId,
        Port = _request.Port(),
        Statistics = _request.Statistics(),
        Event = announceEvent,
        Key = _key,
        Patience = patience,
    };

    private sealed class Contact(ITracker tracker)
    {
        private volatile bool _mayListUs;
        private volatile bool _isAnswered;
        private volatile TorrentException? _error;

        public ITracker Tracker => tracker;

        /// <summary>Whether a <c>started</c> has been sent, so that the tracker needs a <c>stopped</c>.</summary>
        public bool MayListUs
        {
            get => _mayListUs;
            set => _mayListUs = value;
        }

        public bool IsAnswered
        {
            get => _isAnswered;
            set => _isAnswered = value;
        }

        public TorrentException? Error
        {
            get => _error;
            set => _error = value;
        }
    }
}
