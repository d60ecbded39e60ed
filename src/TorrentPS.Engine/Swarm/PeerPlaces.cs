using System.Net;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Transport.Connecting;

namespace TorrentPS.Engine.Swarm;

/// <summary>Which peer keeps its place when all are taken, or when other torrents have fewer than their share. Belongs to the torrent's loop.</summary>
/// <param name="run">The run.</param>
/// <param name="roster">The peers.</param>
/// <param name="connector">The connections of all torrents.</param>
/// <param name="priorityOf">The canonical priority of a connection with an address.</param>
internal sealed class PeerPlaces(SwarmRun run, Roster<PeerSession> roster, PeerConnector connector, Func<IPEndPoint, uint> priorityOf)
{
    private const double TurnoverSeconds = 30;
    private const double WorkingSeconds = 30;

    /// <summary>A peer gets this long to show what it is good for.</summary>
    private const double CrowdGraceSeconds = 10;

    private double _turnoverAt = TurnoverSeconds;

    /// <summary>Closes a connection for a peer that comes, when one is worth less; false when none is.</summary>
    public bool MakeRoomFor(IPEndPoint comer)
    {
        PeerSession[] peers = roster.Peers;
        return Replace(peers, Seating.Yields(Seats(peers), priorityOf(comer)));
    }

    /// <summary>Looks at the clock.</summary>
    public void Tick(double now)
    {
        Turnover(now);
        MakeRoom(now);
    }

    /// <summary>When all places are taken and others wait, one of no use gives up its place.</summary>
    private void Turnover(double now)
    {
        if (now < _turnoverAt)
            return;
        _turnoverAt = now + TurnoverSeconds;
        PeerSession[] peers = roster.Peers;
        if (roster.IsFull && roster.HasDue())
            Replace(peers, Seating.Idlest(Seats(peers)));
    }

    /// <summary>Closes the least useful connection when other torrents have fewer than their share because of ours.</summary>
    private void MakeRoom(double now)
    {
        if (!connector.IsCrowded || roster.Peers.Length <= connector.FairShare)
            return;
        PeerSession? least = null;
        foreach (PeerSession peer in roster.Peers)
        {
            if (now - peer.ConnectedAt > CrowdGraceSeconds && (least is null || Usefulness(peer.State, now) < Usefulness(least.State, now)))
                least = peer;
        }

        least?.Close(PeerClose.Crowded);
    }

    private static double Usefulness(PeerState peer, double now) =>
        peer.Rate + peer.UploadRate.PerSecond(now) + (peer.Interesting > 0 || peer.IsInterestedInUs ? 1 : 0);

    private static bool Replace(PeerSession[] peers, int index)
    {
        if (index < 0)
            return false;
        peers[index].Close(PeerClose.Replaced);
        return true;
    }

    private Seating.Seat[] Seats(PeerSession[] peers)
    {
        double now = run.Now;
        return Array.ConvertAll(peers, peer =>
        {
            PeerState state = peer.State;
            bool isWorking = peer.RequestsWaiting > 0 || state.UploadRate.PerSecond(now) > 0
                || (state.Outstanding.Count > 0 && now - state.LastBlockAt < WorkingSeconds);
            bool isIdle = state is { IsInterestedInUs: false, IsInterestingToUs: false };
            double dataAt = Math.Max(peer.ConnectedAt, Math.Max(state.UploadRate.LastAt, state.DownloadRate.LastAt));
            bool hadChance = !state.IsInterestedInUs || (state.TurnBeganAt >= dataAt && now - state.TurnBeganAt > WorkingSeconds);
            return new Seating.Seat(priorityOf(peer.ListenEndPoint ?? peer.EndPoint), isWorking, isIdle, now - peer.ConnectedAt, now - dataAt, hadChance);
        });
    }
}
