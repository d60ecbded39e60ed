using System.Net;
using System.Security.Cryptography;
using System.Threading.Channels;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Discovery;

/// <summary>One search for the peers of a torrent without taking part: every tracker is asked at once, and told afterwards that we are gone.</summary>
internal sealed class PeerSearch : IAsyncDisposable
{
    private const int MaxPeers = 20_000;
    private const int MaxAtOnce = 32;

    private static readonly TimeSpan s_stopLimit = TimeSpan.FromSeconds(1);

    private readonly Torrent _torrent;
    private readonly PeerSearchOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly List<Contact> _contacts = [];
    private readonly Channel<DiscoveredPeer> _found = Channel.CreateUnbounded<DiscoveredPeer>();
    private readonly HashSet<IPEndPoint> _seen = [];
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationTokenSource _timeout;
    private readonly SemaphoreSlim _gate = new(MaxAtOnce);

    // Of its own, so that its stop does not take a download of the same torrent off the trackers' lists.
    private readonly byte[] _peerId = PeerId.Create();
    private readonly int _port;
    private readonly uint _key = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));
    private Task _asked = Task.CompletedTask;

    public PeerSearch(Torrent torrent, PeerSearchOptions options, TrackerFactory trackers, TimeProvider timeProvider)
    {
        (_torrent, _options, _timeProvider) = (torrent, options, timeProvider);
        _timeout = new CancellationTokenSource(options.Timeout, timeProvider);
        _port = options.Port != 0 ? options.Port : RandomNumberGenerator.GetInt32(49152, 65536); // the dynamic ports (RFC 6335)
        if (!Wants(PeerSource.Tracker))
            return;
        IEnumerable<Uri> uris = options.Trackers.Count > 0 ? options.Trackers : torrent.Trackers.SelectMany(tier => tier);
        foreach (Uri uri in uris.Distinct())
            _contacts.Add(new Contact(trackers.Create(uri)));
    }

    public void Start()
    {
        if (_options.Sources is { } sources)
        {
            foreach (PeerSource source in sources.Where(source => source != PeerSource.Tracker).Distinct())
                Report(new TorrentException(TorrentErrorId.NoPeers, $"Peers cannot be looked for by {source}: this version asks trackers only."));
        }
        if (_contacts.Count == 0 && Wants(PeerSource.Tracker))
            Report(new TorrentException(TorrentErrorId.NoPeers, $"The torrent '{_torrent.Name}' names no tracker, so there is no one to ask for peers; name a tracker to ask."));
        _asked = AskAllAsync();
    }

    /// <summary>The peers, each address once, until all trackers have answered or failed.</summary>
    public IAsyncEnumerable<DiscoveredPeer> ReadAsync(CancellationToken cancellationToken) => _found.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Ends the search, and tells every tracker that may list us that we are gone; within a second.</summary>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(s_stopLimit, _timeProvider);
        await _ending.CancelAsync().ConfigureAwait(false);
        try
        {
            await _asked.WaitAsync(limit.Token).ConfigureAwait(false);
            await Task.WhenAll(_contacts.Where(contact => contact.MayListUs).Select(contact => TellStoppedAsync(contact, limit.Token))).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The limit: the tracker will forget us by itself.
        }
        _timeout.Dispose();
    }

    private bool Wants(PeerSource source) => _options.Sources is not { } sources || sources.Contains(source);

    private void Report(TorrentException error) => _options.OnError?.Invoke(error);

    private async Task AskAllAsync()
    {
        Exception? fault = null;
        try
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token, _timeout.Token);
            await Task.WhenAll(_contacts.Select(contact => AskAsync(contact, ending.Token))).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // It ends the reader's loop with the fault, rather than the search without a word.
            fault = exception;
        }
        _found.Writer.TryComplete(fault);
    }

    private async Task AskAsync(Contact contact, CancellationToken cancellationToken)
    {
        bool entered = false;
        try
        {
            await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            entered = true;
            AnnounceRequest request = Request(AnnounceEvent.Started) with { Sent = () => contact.MayListUs = true, PartReceived = Take };
            AnnounceResponse response = await contact.Tracker.AnnounceAsync(request, cancellationToken).ConfigureAwait(false);
            contact.MayListUs = true;
            Take(response);
        }
        catch (TorrentException exception)
        {
            contact.MayListUs = false;
            Report(exception);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            if (!_ending.IsCancellationRequested)
                Report(TrackerErrors.Unreachable(contact.Tracker.Uri, $"there was no answer within {_options.Timeout.TotalSeconds:0.#} s"));
        }
        finally
        {
            if (entered)
                _gate.Release();
        }
    }

    private void Take(AnnounceResponse response)
    {
        lock (_seen)
        {
            foreach (DiscoveredPeer peer in response.Peers)
            {
                bool isOwn = peer.PeerId.Span.SequenceEqual(_peerId) || OwnEntry.Is(peer.EndPoint, _port, response.ExternalAddress);
                if (_seen.Count < MaxPeers && !isOwn && _seen.Add(peer.EndPoint))
                    _found.Writer.TryWrite(peer);
            }
        }
    }

    private async Task TellStoppedAsync(Contact contact, CancellationToken cancellationToken)
    {
        try
        {
            await contact.Tracker.AnnounceAsync(Request(AnnounceEvent.Stopped), cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TorrentException or OperationCanceledException)
        {
            // It was tried; the tracker will forget us by itself.
        }
    }

    private AnnounceRequest Request(AnnounceEvent announceEvent) => new()
    {
        InfoHash = _torrent.InfoHash,
        PeerId = _peerId,
        Port = _port,
        // As one that has nothing: a seeder would not be told of other seeders.
        Statistics = new AnnounceStatistics(0, 0, _torrent.Length),
        Event = announceEvent,
        Key = _key,
    };

    private sealed class Contact(ITracker tracker)
    {
        private volatile bool _mayListUs;

        public ITracker Tracker => tracker;

        /// <summary>Whether a <c>started</c> has left, so that the tracker needs a <c>stopped</c>.</summary>
        public bool MayListUs
        {
            get => _mayListUs;
            set => _mayListUs = value;
        }
    }
}
