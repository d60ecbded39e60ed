using System.Numerics;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// Decides which peers we send to (BEP 3, "choking and optimistic unchoking"). While there are slots for all, these are all that are interested. In a crowd it is a few at a time, each for
/// a piece: what a peer gets is complete sooner than if all were served at once, and can be passed on. When we have everything, the one that has waited longest is next. While we download it is
/// the one that has sent us most for what it got, and every fourth time any by turns, so that newcomers get a chance.
/// </summary>
internal sealed class UploadTurns
{
    /// <summary>A turn of this many seconds ends, whatever was sent.</summary>
    public const double LongestSeconds = 60;

    /// <summary>A peer that asks for nothing for so long has had its turn.</summary>
    public const double IdleSeconds = 1;

    /// <summary>And after this time another is served beside it.</summary>
    private const double PauseSeconds = 0.2;

    /// <summary>A turn is a piece, or what is sent in this time where that is more.</summary>
    private const double ShortestSeconds = 0.05;

    private const double ShortestRest = 0.25;

    private const int SmallestUnsent = 32 * 1024;
    private const int LargestUnsent = 1 << 20;
    private const int MaxServed = 16;
    private const int OptimisticEvery = 4;

    private readonly UploadSlots _slots;
    private readonly int _pieceLength;
    private double _reaction; // seconds between an unchoke and the first request
    private double _rate;
    private int _begun;

    /// <param name="slots">How many are served at a time at most, 2 or more.</param>
    /// <param name="pieceLength">Bytes of a piece.</param>
    public UploadTurns(int slots, int pieceLength)
    {
        _slots = new UploadSlots(slots);
        _pieceLength = pieceLength;
    }

    /// <summary>How many peers are served at a time.</summary>
    public int Slots => _slots.Count;

    /// <summary>The most peers that are served at a time, 2 or more.</summary>
    public int MostSlots
    {
        set => _slots.Most = value;
    }

    /// <summary>Whether more are interested than are served at a time.</summary>
    public bool IsCrowded { get; private set; }

    /// <summary>Bytes that a turn has.</summary>
    public long Quota => Math.Max(_pieceLength, (long)(_rate * Math.Max(ShortestSeconds, _reaction / (Slots - 1))));

    /// <summary>Bytes that may wait in a socket, so that what is sent is decided late: what is sent in <see cref="ShortestSeconds"/>, a power of two; 0 for no limit, where the link is so fast that it costs more than it brings.</summary>
    public int Unsent => _rate * ShortestSeconds is var bytes && bytes > LargestUnsent ? 0 : (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(bytes, SmallestUnsent));

    /// <summary>Looks at the clock.</summary>
    /// <param name="bytesPerSecond">How fast we send to all together.</param>
    /// <param name="sent">All bytes ever sent.</param>
    /// <param name="now">Seconds of the torrent's clock.</param>
    public void Tick(double bytesPerSecond, long sent, double now)
    {
        _rate = bytesPerSecond;
        _slots.Look(sent, IsCrowded, now);
    }

    /// <summary>A peer asks for something.</summary>
    public void Asked(PeerState peer, double now)
    {
        UploadTurn turn = peer.Turn;
        turn.BusyAt = now;
        if (turn.HasAsked || peer.IsChokedByUs)
            return;
        turn.HasAsked = true;
        _reaction += (Math.Min(now - turn.BeganAt, 1) - _reaction) / 4;
    }

    /// <summary>Begins a peer's turn.</summary>
    public static void Begin(PeerState peer, double now)
    {
        UploadTurn turn = peer.Turn;
        turn.BeganAt = turn.BusyAt = now;
        turn.BeganWith = peer.UploadRate.Total;
        turn.HasAsked = false;
        turn.LastPiece = -1;
    }

    /// <summary>Says which peers' turns end and begin now; those that it names are then choked and unchoked.</summary>
    /// <param name="peers">All peers.</param>
    /// <param name="isSeeding">Whether we have everything.</param>
    /// <param name="now">Seconds of the torrent's clock.</param>
    /// <param name="ended">Gets those whose turn ends.</param>
    /// <param name="begun">Gets those whose turn begins, or follows on the one before.</param>
    public void Update(IReadOnlyList<PeerState> peers, bool isSeeding, double now, List<PeerState> ended, List<PeerState> begun)
    {
        int interested = 0, served = 0;
        long backlog = 0;
        foreach (PeerState peer in peers)
            interested += peer.IsInterestedInUs ? 1 : 0;
        IsCrowded = interested > Slots;
        foreach (PeerState peer in peers)
        {
            if (peer.IsChokedByUs)
            {
                if (!IsCrowded && peer.IsInterestedInUs)
                    begun.Add(peer);
            }
            else if (IsCrowded && IsOver(peer, now))
            {
                peer.Turn.EndedAt = now;
                ended.Add(peer);
            }
            else if (peer.IsInterestedInUs && IsBusy(peer, now))
            {
                served++;
                backlog += LeftOf(peer);
            }
        }

        // The next are told early, so that their requests are here when those before have been served.
        for (; IsCrowded && (served < Slots || (backlog < 2 * _reaction * _rate && served < MaxServed)); served++)
        {
            backlog += Quota;
            bool isOptimistic = !isSeeding && ++_begun % OptimisticEvery == 0;
            if (Next(peers, isSeeding, isOptimistic, now, ended, begun) is not { } next)
                return;
            if (isOptimistic)
                next.Turn.OptimisticAt = now;
            ended.Remove(next); // its next turn follows at once
            begun.Add(next);
        }
    }

    private bool IsOver(PeerState peer, double now)
    {
        UploadTurn turn = peer.Turn;
        if (!peer.IsInterestedInUs || now - turn.BeganAt > LongestSeconds)
            return true;
        if (turn.Waiting == 0 && now - turn.BusyAt > IdleSeconds)
            return true;
        long sent = peer.UploadRate.Total - turn.BeganWith;
        return sent >= 2 * Quota || (sent >= Quota && turn.NextPiece != turn.LastPiece);
    }

    /// <summary>Bytes that a peer may still be sent in its turn.</summary>
    private long LeftOf(PeerState peer) => Math.Max(0, Quota - (peer.UploadRate.Total - peer.Turn.BeganWith));

    private static bool IsBusy(PeerState peer, double now) => peer.Turn.Waiting > 0 || now - peer.Turn.BusyAt < PauseSeconds;

    private PeerState? Next(IReadOnlyList<PeerState> peers, bool isSeeding, bool isOptimistic, double now, List<PeerState> ended, List<PeerState> begun)
    {
        PeerState? next = null;
        double least = double.PositiveInfinity;
        foreach (PeerState peer in peers)
        {
            if (!peer.IsInterestedInUs || !(peer.IsChokedByUs ? HasRested(peer, now) : ended.Contains(peer)) || begun.Contains(peer))
                continue;
            double owed = isSeeding ? 0 : isOptimistic ? peer.Turn.OptimisticAt : Owed(peer, now);
            if (next is not null && (owed > least || (owed == least && peer.Turn.BeganAt >= next.Turn.BeganAt)))
                continue;
            (next, least) = (peer, owed);
        }

        return next;
    }

    /// <summary>Whether a peer can know that we choke it, and what it asked for before is refused: a request must not be taken for one of the turn that follows.</summary>
    private bool HasRested(PeerState peer, double now) => peer.Turn.Waiting == 0 && now - peer.Turn.EndedAt >= Math.Clamp(3 * _reaction, ShortestRest, 1);

    /// <summary>What a peer has got from us lately for each byte that it gave. One that owes us blocks and sends none has given nothing (anti-snubbing).</summary>
    private static double Owed(PeerState peer, double now)
    {
        const double Gift = 1024; // bytes a second that one counts as giving that gives nothing
        return (peer.UploadRate.PerSecond(now) + Gift) / ((peer.IsSnubbed ? 0 : peer.Rate) + Gift);
    }
}
