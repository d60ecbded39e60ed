using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <content>What peers say of themselves, of us and of each other, and who keeps a place when all are taken.</content>
internal sealed partial class TorrentSession
{
    private const double ExchangeSeconds = 1;
    private const double TurnoverSeconds = 30;
    private const double WorkingSeconds = 30;

    private readonly OwnAddress _ownV4 = new();
    private readonly OwnAddress _ownV6 = new();
    private int _connectedVersion; // changes whenever what others are told of the connected peers does
    private double _exchangeAt;
    private double _turnoverAt = TurnoverSeconds;

    private bool ExchangesPeers { get; set; }

    public void ExtensionsReceived(PeerSession peer, ExtensionHandshake handshake)
    {
        _connectedVersion++;
        if (!_roster.HasPlace(peer) && peer.ListenEndPoint is { } endPoint)
            Introduce(peer, endPoint);
        if (handshake.YourIP is { } address)
            Recognise(peer.EndPoint.Address, address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
        if (IsComplete)
            OffersChanged(peer); // one that only uploads, too, has nothing to do here
        AskForBlocks(peer);
    }

    public void PeersExchanged(PeerSession peer, PeerExchangeMessage message)
    {
        PeerTeller teller = peer.Exchange!.Teller ??= _roster.Book.TellerAt(peer.EndPoint);
        _roster.Exchange(peer, message, teller);
    }

    /// <summary>Notes where a peer that came to us listens: it can be connected to again, and others can be told.</summary>
    private void Introduce(PeerSession peer, IPEndPoint endPoint)
    {
        if (_roster.Book.AddComer(endPoint, Now) is not { IsBusy: false } candidate)
            return;
        _roster.Place(peer, candidate);
    }

    /// <summary>Hears how a peer sees us. From when several agree, the canonical priorities of addresses are known (BEP 40).</summary>
    private void Recognise(IPAddress voter, IPAddress address)
    {
        if ((address.AddressFamily == AddressFamily.InterNetworkV6 ? _ownV6 : _ownV4).Add(voter, address))
            _roster.Book.SetPriority(PriorityOf);
    }

    private uint PriorityOf(IPEndPoint endPoint)
    {
        OwnAddress own = endPoint.AddressFamily == AddressFamily.InterNetworkV6 ? _ownV6 : _ownV4;
        return own.Address is { } address ? CanonicalPriority.Of(new IPEndPoint(address, PublicPort), endPoint) : 0;
    }

    /// <summary>Tells peers who came and who went, each at most once a minute and only when there is something to tell.</summary>
    private void ExchangePeers(double now)
    {
        if (!ExchangesPeers || now < _exchangeAt)
            return;
        _exchangeAt = now + ExchangeSeconds;
        List<ExchangedPeer>? connected = null;
        ForEach((session, peer) =>
        {
            if (peer.Exchange is not { } exchange || !exchange.IsDue(session._connectedVersion, now))
                return;
            connected ??= session.Connected();
            exchange.Tell(connected, session._connectedVersion, now);
        });
    }

    private List<ExchangedPeer> Connected()
    {
        List<ExchangedPeer> connected = new(Peers.Length);
        foreach (PeerSession peer in Peers)
        {
            if (peer.ListenEndPoint is { } endPoint)
                connected.Add(new ExchangedPeer(endPoint, peer.ExchangeFlags));
        }

        return connected;
    }

    /// <summary>Closes a connection for a peer that comes, when one is worth less; false when none is.</summary>
    public bool MakeRoomFor(IPEndPoint comer)
    {
        PeerSession[] peers = Peers;
        return Replace(peers, Seating.Yields(Seats(peers), PriorityOf(comer)));
    }

    /// <summary>When all places are taken and others wait, one of no use gives up its place.</summary>
    private void Turnover(double now)
    {
        if (now < _turnoverAt)
            return;
        _turnoverAt = now + TurnoverSeconds;
        PeerSession[] peers = Peers;
        if (_roster.IsFull && _roster.HasDue())
            Replace(peers, Seating.Idlest(Seats(peers)));
    }

    private static bool Replace(PeerSession[] peers, int index)
    {
        if (index < 0)
            return false;
        peers[index].Close(PeerClose.Replaced);
        return true;
    }

    private Seating.Seat[] Seats(PeerSession[] peers)
    {
        double now = Now;
        return Array.ConvertAll(peers, peer =>
        {
            PeerState state = peer.State;
            bool isWorking = peer.RequestsWaiting > 0 || state.UploadRate.PerSecond(now) > 0
                || (state.Outstanding.Count > 0 && now - state.LastBlockAt < WorkingSeconds);
            bool isIdle = state is { IsInterestedInUs: false, IsInterestingToUs: false };
            double dataAt = Math.Max(peer.ConnectedAt, Math.Max(state.UploadRate.LastAt, state.DownloadRate.LastAt));
            bool hadChance = !state.IsInterestedInUs || (state.TurnBeganAt >= dataAt && now - state.TurnBeganAt > WorkingSeconds);
            return new Seating.Seat(PriorityOf(peer.ListenEndPoint ?? peer.EndPoint), isWorking, isIdle, now - peer.ConnectedAt, now - dataAt, hadChance);
        });
    }
}
