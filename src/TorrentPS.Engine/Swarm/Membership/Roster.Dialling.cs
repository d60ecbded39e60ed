using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Transport.Connecting;
using TorrentPS.Engine.Transport.Utp;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Membership;

/// <content>Dialling: the choice of addresses, and the results.</content>
internal sealed partial class Roster<TPeer>
{
    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan s_handshakeLimit = TimeSpan.FromSeconds(20);

    private readonly Dictionary<IPAddress, int> _dialling = []; // connections being made, by subscriber
    private readonly TaskCompletionSource _dialled = new();

    /// <summary>The number of connections being made.</summary>
    public int Connecting { get; private set; }

    /// <summary>Connects to the next addresses, within the places and the pace.</summary>
    public void ConnectMore()
    {
        PeerConnector connector = _services.Connector;
        while (!_owner.IsStopping && !_owner.IsPaused && !IsFull && TryReserve(isIncoming: false))
        {
            if (!_services.Pace.TryTake())
            {
                connector.Release();
                return;
            }

            if (TakeDue() is not { } candidate)
            {
                _services.Pace.GiveBack();
                connector.Release();
                return;
            }

            Dial(candidate);
        }
    }

    /// <summary>
    /// The best due address whose subscriber does not have enough connections; null if there is none. A thousand ports of one machine get no more places than one.
    /// </summary>
    private PeerCandidate? TakeDue()
    {
        double now = _owner.Now;
        while (Book.Take(now) is { } candidate)
        {
            if (!HasEnoughOf(candidate.EndPoint.Address))
                return candidate;
            if (ConnectedOf(candidate.EndPoint.Address) >= MaxPerAddress)
                Book.PutOff(candidate, now);
            else
                Book.Return(candidate, now + s_handshakeLimit.TotalSeconds);
        }

        return null;
    }

    /// <summary>Whether an address could be dialled now if there were a place.</summary>
    public bool HasDue()
    {
        if (TakeDue() is not { } candidate)
            return false;
        Book.PutBack(candidate);
        return true;
    }

    /// <summary>Dials a peer again with the info hashes that are known now; false if its address is unknown.</summary>
    public bool DialAnew(TPeer peer)
    {
        if (!_places.TryGetValue(peer, out PeerCandidate? candidate))
            return false;
        peer.Close(PeerClose.DialledAnew);
        if (!TryReserve(isIncoming: false))
            return true; // it is due, and waits for its turn
        candidate.IsBusy = true;
        Dial(candidate);
        return true;
    }

    /// <summary>Dials an address, for which one of the client's connections is reserved.</summary>
    /// <param name="candidate">The address.</param>
    /// <param name="over">The transport; null for that of the torrent.</param>
    public void Dial(PeerCandidate candidate, PeerTransport? over = null)
    {
        Connecting++;
        Count(candidate, 1);
        _ = DialAsync(candidate, over);
    }

    private void Count(PeerCandidate candidate, int change)
    {
        IPAddress subscriber = AddressRules.SubscriberOf(candidate.EndPoint.Address);
        int count = _dialling.GetValueOrDefault(subscriber) + change;
        if (count == 0)
            _dialling.Remove(subscriber);
        else
            _dialling[subscriber] = count;
    }

    private async Task DialAsync(PeerCandidate candidate, PeerTransport? over)
    {
        HandshakeOutcome outcome = new(PeerHandshakeStatus.Closed);
        Exception? fault = null;
        WireHashes hashes = _owner.Dialled;
        try
        {
            outcome = await ConnectAsync(candidate, over, hashes);
        }
        catch (Exception e) // a fault of this program ends this attempt, and nothing else
        {
            fault = e;
        }

        Connecting--;
        Count(candidate, -1);
        try
        {
            if (fault is not null)
                TellFault(candidate.EndPoint, fault);
            Settle(candidate, outcome, hashes);
        }
        catch (Exception e)
        {
            TellFault(candidate.EndPoint, e);
        }
        finally
        {
            if (Connecting == 0 && _owner.IsStopping)
                _dialled.TrySetResult();
        }
    }

    private async Task<HandshakeOutcome> ConnectAsync(PeerCandidate candidate, PeerTransport? over, WireHashes hashes)
    {
        UtpHost? utp = _services.Incoming.UtpOf(_owner);
        PeerTransport transport = over ?? (utp is not null && candidate.TriesUtp ? PeerTransport.Utp : _owner.Transport);
        using var limit = new CancellationTokenSource(s_handshakeLimit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping);
        return await PeerDialer.DialAsync(
            token => _services.Connector.ConnectAsync(candidate.EndPoint, transport, utp, s_connectLimit, _time, token),
            hashes.For(candidate), _peerId, _owner.Encryption, _owner.HasDht, either.Token, candidate.Flags.HasFlag(PeerExchangeFlags.PrefersEncryption), hashes.V2);
    }

    /// <summary>Handles the result of an attempt.</summary>
    private void Settle(PeerCandidate candidate, HandshakeOutcome outcome, WireHashes hashes)
    {
        if (outcome is { Stream: { } stream, Handshake: { } handshake } && !_owner.IsStopping)
        {
            if (Join(stream, handshake, candidate))
                return;
            if (_owner.IsPaused)
                Book.Return(candidate, _owner.Now);
            else
                Book.PutOff(candidate, _owner.Now);
            return;
        }

        outcome.Stream?.Dispose();
        _services.Connector.Release();
        if (_owner.IsStopping)
        {
            Book.Return(candidate, _owner.Now); // for the session that takes over the book
            return;
        }

        if (outcome.Status == PeerHandshakeStatus.SelfConnection)
            Book.DropSelf(candidate);
        else
            Failed(candidate, outcome.Status, hashes);
        _owner.Log($"Peer {candidate.EndPoint}: {outcome.Status}{(outcome.Error is null ? "" : $" ({outcome.Error})")}");
    }

    private void TellFault(IPEndPoint endPoint, Exception fault)
    {
        if (!_owner.IsStopping)
            _owner.Log($"Peer {endPoint} is closed by a fault of this program: {fault}");
    }

    private void Failed(PeerCandidate candidate, PeerHandshakeStatus status, WireHashes hashes)
    {
        candidate.TriesUtp = status == PeerHandshakeStatus.Closed && !candidate.TriesUtp;
        // A peer that answers with another hash, or closes the connection over both transports, may know the torrent only by its other hash.
        if (hashes.IsHybrid && (status == PeerHandshakeStatus.WrongInfoHash || (status == PeerHandshakeStatus.Closed && !candidate.TriesUtp)))
            candidate.PrefersV2 = !candidate.PrefersV2;
        _owner.Unreached(candidate, status);
        Book.Failed(candidate, _owner.Now);
    }

    /// <summary>Completes when no connection is being made; to be requested when the torrent stops.</summary>
    public Task WhenDialledAsync() => Connecting > 0 ? _dialled.Task : Task.CompletedTask;

    private int DiallingOf(IPAddress address) =>
        AddressRules.ReachOf(address) == AddressReach.World ? _dialling.GetValueOrDefault(AddressRules.SubscriberOf(address)) : 0;
}
