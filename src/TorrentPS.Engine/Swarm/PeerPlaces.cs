using System.Net;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Transport.Connecting;

namespace TorrentPS.Engine.Swarm;

/// <summary>Decides which peers keep their places when all are taken, or when other torrents have fewer than their share. Belongs to the torrent's loop.</summary>
/// <param name="run">The run.</param>
/// <param name="roster">The peers.</param>
/// <param name="connector">The connections of all torrents.</param>
/// <param name="priorityOf">Returns the canonical priority of a connection with an address.</param>
internal sealed class PeerPlaces(SwarmRun run, Roster<PeerSession> roster, PeerConnector connector, Func<IPEndPoint, uint> priorityOf)
{
    private const double TurnoverSeconds = 30;
    private const double WorkingSeconds = 30;

    /// <summary>The time that a peer gets to prove its worth, in seconds.</summary>
    private const double CrowdGraceSeconds = 10;

    private double _turnoverAt = TurnoverSeconds;

    /// <summary>Closes a less valuable connection for another peer; false if there is none.</summary>
    public bool MakeRoomFor(IPEndPoint comer)
    {
        PeerSession[] peers = roster.Peers;
        return Replace(peers, Seating.Yields(Seats(peers), priorityOf(comer)));
    }

    /// <summary>Periodic work.</summary>
    public void Tick(double now)
    {
        Turnover(now);
        MakeRoom(now);
    }

    /// <summary>When all places are taken and other peers wait, closes a useless connection.</summary>
    private void Turnover(double now)
    {
        if (now < _turnoverAt)
            return;
        _turnoverAt = now + TurnoverSeconds;
        PeerSession[] peers = roster.Peers;
        if (roster.IsFull && roster.HasDue())
            Replace(peers, Seating.Idlest(Seats(peers)));
    }

    /// <summary>Closes the least useful connection when other torrents have fewer than their share because of this one.</summary>
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
            bool hadChance = !state.IsInterestedInUs || (state.Turn.BeganAt >= dataAt && now - state.Turn.BeganAt > WorkingSeconds);
            return new Seating.Seat(priorityOf(peer.ListenEndPoint ?? peer.EndPoint), isWorking, isIdle, now - peer.ConnectedAt, now - dataAt, hadChance);
        });
    }
}
