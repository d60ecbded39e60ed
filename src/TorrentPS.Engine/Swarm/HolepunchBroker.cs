using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <summary>
/// Connects peers that cannot reach each other directly (BEP 55), in each of the three roles: initiator, relay, and target. Both peers connect over uTP at the same time,
/// and so open their routers for each other. Belongs to the torrent's loop.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="roster">The peers.</param>
/// <param name="canPunch">Returns whether holepunching is possible: over uTP, and not for a private torrent, whose peers may not name each other (BEP 27).</param>
internal sealed class HolepunchBroker(SwarmRun run, Roster<PeerSession> roster, Func<bool> canPunch) : IHolepunchBroker
{
    /// <summary>The maximum number of connection attempts per minute that relays can cause.</summary>
    private const int PunchesPerMinute = 30;

    private readonly MinuteBudget _punches = new(PunchesPerMinute);

    /// <summary>Whether holepunching is possible.</summary>
    public bool IsOn => canPunch();

    /// <inheritdoc/>
    public double Now => run.Now;

    /// <inheritdoc/>
    public void HolepunchReceived(PeerSession peer, HolepunchMessage message)
    {
        switch (message.Type)
        {
            case HolepunchType.Rendezvous when peer.Holepunch is { } link:
                HolepunchError error = Relay(peer, message.EndPoint);
                if (error != HolepunchError.None)
                    link.Send(new HolepunchMessage(HolepunchType.Error, message.EndPoint, error));
                break;
            case HolepunchType.Connect:
                Punch(peer, message.EndPoint.Unmapped());
                break;
            case HolepunchType.Error:
                run.Log($"Peer {peer.EndPoint} cannot bring us together with {message.EndPoint}: {message.Error}");
                break;
        }
    }

    /// <summary>Relays a connection request to both peers.</summary>
    private HolepunchError Relay(PeerSession asking, IPEndPoint wanted)
    {
        wanted = wanted.Unmapped();
        if (!AddressRules.IsPeer(wanted))
            return HolepunchError.NoSuchPeer;
        if (roster.IsOurs(wanted))
            return HolepunchError.NoSelf;
        if (Array.Find(roster.Peers, peer => peer != asking && (wanted.Equals(peer.ListenEndPoint) || wanted.Equals(peer.EndPoint))) is not { } target)
            return HolepunchError.NotConnected;
        // A target that gets too many requests counts as one without support.
        if (target.Holepunch is not { } link || !link.TakesRelayed())
            return HolepunchError.NoSupport;
        link.Send(new HolepunchMessage(HolepunchType.Connect, asking.ListenEndPoint ?? asking.EndPoint));
        asking.Holepunch!.Send(new HolepunchMessage(HolepunchType.Connect, wanted));
        return HolepunchError.None;
    }

    /// <summary>A relay says that another peer is connecting to us. It may be lying: it causes only a few packets of 20 bytes, at a limited rate.</summary>
    private void Punch(PeerSession relay, IPEndPoint endPoint)
    {
        if (run.IsStopping || !IsOn || !AddressRules.IsPeer(endPoint) || !AddressRules.MayName(relay.EndPoint.Address, endPoint.Address)
            || roster.IsOurs(endPoint) || roster.Book.IsBanned(endPoint) || roster.IsFull || roster.HasEnoughOf(endPoint.Address) || !_punches.TryTake(run.Now))
            return;
        roster.Book.AddFromPeer(endPoint, PeerExchangeFlags.SupportsHolepunch | PeerExchangeFlags.SupportsUtp, relay.Teller ?? roster.Book.TellerAt(relay.EndPoint), run.Now);
        if (roster.Book.Find(endPoint) is not { IsBusy: false, IsBanned: false } candidate || !roster.TryReserve(isIncoming: false))
            return;
        candidate.IsBusy = true;
        candidate.WasPunched = true; // not tried again if this fails
        run.Log($"Peer {relay.EndPoint} brings us together with {endPoint}");
        roster.Dial(candidate, PeerTransport.Utp);
    }

    /// <summary>Asks the peer that named an unreachable one to relay a connection request.</summary>
    public void Unreached(PeerCandidate candidate, PeerHandshakeStatus status)
    {
        bool isUnreachable = status is PeerHandshakeStatus.TimedOut or PeerHandshakeStatus.Refused or PeerHandshakeStatus.Unreachable;
        if (!isUnreachable || candidate.WasPunched || !IsOn || !candidate.Flags.HasFlag(PeerExchangeFlags.SupportsHolepunch) || candidate.Teller is not { } teller)
            return;
        if (Array.Find(roster.Peers, peer => peer.Teller == teller && peer.Takes(HolepunchMessage.ExtensionName)) is not { } relay)
            return;
        candidate.WasPunched = true;
        relay.Holepunch!.Send(new HolepunchMessage(HolepunchType.Rendezvous, candidate.EndPoint));
        run.Log($"Peer {relay.EndPoint} is asked to bring us together with {candidate.EndPoint}");
    }
}
