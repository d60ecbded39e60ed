using System.Numerics;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// Decides which peers are served (BEP 3, "choking and optimistic unchoking"). While there are slots for all interested peers, all are. In a crowd, a few are served at a
/// time, for a piece each: a piece is complete sooner than if all were served at once, and can be passed on. A seed serves the peer that has waited longest. A leecher
/// serves the one that has sent most for what it received, and every fourth time any peer in turn, so that new peers get a chance.
/// </summary>
internal sealed class UploadTurns
{
    /// <summary>The maximum length of a turn in seconds, whatever was sent.</summary>
    public const double LongestSeconds = 60;

    /// <summary>The number of seconds without a request after which a turn ends.</summary>
    public const double IdleSeconds = 1;

    /// <summary>The number of seconds without a request after which another peer is served beside it.</summary>
    private const double PauseSeconds = 0.2;

    /// <summary>A turn is a piece, or the amount sent in this time if that is more.</summary>
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

    /// <param name="slots">The maximum number of peers served at a time, at least 2.</param>
    /// <param name="pieceLength">The piece length in bytes.</param>
    public UploadTurns(int slots, int pieceLength)
    {
        _slots = new UploadSlots(slots);
        _pieceLength = pieceLength;
    }

    /// <summary>The number of peers served at a time.</summary>
    public int Slots => _slots.Count;

    /// <summary>The maximum number of peers served at a time, at least 2.</summary>
    public int MostSlots
    {
        set => _slots.Most = value;
    }

    /// <summary>Whether more peers are interested than are served at a time.</summary>
    public bool IsCrowded { get; private set; }

    /// <summary>The length of a turn in bytes.</summary>
    public long Quota => Math.Max(_pieceLength, (long)(_rate * Math.Max(ShortestSeconds, _reaction / (Slots - 1))));

    /// <summary>
    /// The maximum number of bytes queued in a socket, so that the choice of what to send is made late: the amount sent in <see cref="ShortestSeconds"/>, a power of two;
    /// 0 for no limit, if the link is so fast that a limit costs more than it gains.
    /// </summary>
    public int Unsent => _rate * ShortestSeconds is var bytes && bytes > LargestUnsent ? 0 : (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(bytes, SmallestUnsent));

    /// <summary>Periodic work.</summary>
    /// <param name="bytesPerSecond">The total upload rate.</param>
    /// <param name="sent">The total number of bytes sent.</param>
    /// <param name="now">The torrent's clock in seconds.</param>
    public void Tick(double bytesPerSecond, long sent, double now)
    {
        _rate = bytesPerSecond;
        _slots.Look(sent, IsCrowded, now);
    }

    /// <summary>A peer sends a request.</summary>
    public void Asked(PeerState peer, double now)
    {
        UploadTurn turn = peer.Turn;
        turn.BusyAt = now;
        if (turn.HasAsked || peer.IsChokedByUs)
            return;
        turn.HasAsked = true;
        _reaction += (Math.Min(now - turn.BeganAt, 1) - _reaction) / 4;
    }

    /// <summary>Starts a peer's turn.</summary>
    public static void Begin(PeerState peer, double now)
    {
        UploadTurn turn = peer.Turn;
        turn.BeganAt = turn.BusyAt = now;
        turn.BeganWith = peer.UploadRate.Total;
        turn.HasAsked = false;
        turn.LastPiece = -1;
    }

    /// <summary>Decides which turns end and begin now; the caller chokes and unchokes these peers.</summary>
    /// <param name="peers">All peers.</param>
    /// <param name="isSeeding">Whether we have all pieces.</param>
    /// <param name="now">The torrent's clock in seconds.</param>
    /// <param name="ended">Receives the peers whose turn ends.</param>
    /// <param name="begun">Receives the peers whose turn begins, or is followed by another.</param>
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

        // The next peers are unchoked early, so that their requests have arrived when the current ones have been served.
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

    /// <summary>The number of bytes that a peer may still receive in its turn.</summary>
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

    /// <summary>
    /// Whether a peer must know by now that we choke it and that its earlier requests are refused, so that they are not taken for requests of the next turn.
    /// </summary>
    private bool HasRested(PeerState peer, double now) => peer.Turn.Waiting == 0 && now - peer.Turn.EndedAt >= Math.Clamp(3 * _reaction, ShortestRest, 1);

    /// <summary>The bytes that a peer has received lately for each byte it sent. A peer that does not send requested blocks has sent nothing (anti-snubbing).</summary>
    private static double Owed(PeerState peer, double now)
    {
        const double Gift = 1024; // the rate in bytes per second credited to a peer that sends nothing
        return (peer.UploadRate.PerSecond(now) + Gift) / ((peer.IsSnubbed ? 0 : peer.Rate) + Gift);
    }
}
