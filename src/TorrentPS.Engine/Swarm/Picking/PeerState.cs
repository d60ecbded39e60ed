using System.Net;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>What is known of a connected peer: what it has, who chokes whom, what it was asked for, and how fast it is. No input or output.</summary>
internal class PeerState
{
    public PeerState(IPEndPoint endPoint, int pieceCount)
    {
        EndPoint = endPoint;
        Pieces = new Bitfield(pieceCount);
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>What it has.</summary>
    public Bitfield Pieces { get; set; }

    /// <summary>How many of its pieces are wanted and not there yet.</summary>
    public int Interesting { get; set; }

    /// <summary>Whether it chokes us: answers no requests.</summary>
    public bool IsChokingUs { get; set; } = true;

    /// <summary>Whether it said all at once that it has every piece, and so cares for none of ours. A super-seed does not (BEP 16).</summary>
    public bool IsPlainSeed { get; set; }

    /// <summary>Whether it wants pieces of ours.</summary>
    public bool IsInterestedInUs { get; set; }

    /// <summary>Whether we choke it.</summary>
    public bool IsChokedByUs { get; set; } = true;

    /// <summary>Whether we told it that we want pieces of it.</summary>
    public bool IsInterestingToUs { get; set; }

    /// <summary>What it was asked for and has not sent.</summary>
    public OutstandingQueue Outstanding { get; } = new();

    /// <summary>How many blocks to have outstanding.</summary>
    public RequestWindow Window { get; } = new();

    public RateMeter DownloadRate { get; } = new();

    /// <summary>Its download rate as of the last look at the clock, in bytes a second.</summary>
    public double Rate { get; set; }

    public RateMeter UploadRate { get; } = new();

    /// <summary>When we last began to send to it; negative infinity when we never did.</summary>
    public double TurnBeganAt { get; set; } = double.NegativeInfinity;

    /// <summary>How much it had had then.</summary>
    public long TurnBeganWith { get; set; }

    /// <summary>Whether it let so much time pass without a block that its requests were released to others.</summary>
    public bool IsSnubbed { get; set; }

    /// <summary>When its last block came, or when it was first asked for one after having nothing outstanding; in seconds of the torrent's clock.</summary>
    public double LastBlockAt { get; set; }

    /// <summary>The piece it works on alone.</summary>
    public OpenPiece? Current { get; set; }

    /// <summary>The <see cref="PieceOrder.Version"/> at which it had no queued piece; 0 when that is not known.</summary>
    public long NothingQueuedAt { get; set; }

    /// <summary>The tick of the torrent's clock at which nothing was found that others owe and it could send sooner.</summary>
    public long HurriedInVainAt { get; set; } = -1;

    /// <summary>Pieces that it may be asked for while it chokes us (BEP 6); it need not have them.</summary>
    public List<int> AllowedFast { get; } = [];

    /// <summary>Pieces that it would rather send than others (BEP 6).</summary>
    public Queue<int> Suggested { get; } = new();

    /// <summary>Pieces of which it rejected a block while it did not choke us: it is not asked for them for a while.</summary>
    public List<int> PassedOver { get; } = [];

    /// <summary>When it may be asked for those again, in seconds of the torrent's clock.</summary>
    public double PassedOverUntil { get; set; }

    /// <summary>Whether it may be asked for blocks.</summary>
    public bool CanBeAsked => !IsChokingUs && Interesting > 0;

    /// <summary>Whether it may be asked for some blocks although it chokes us.</summary>
    public bool CanBeAskedWhileChoking => IsChokingUs && Interesting > 0 && AllowedFast.Count > 0;
}
