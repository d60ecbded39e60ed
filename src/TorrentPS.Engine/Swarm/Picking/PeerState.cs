using System.Net;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>The state of a connected peer: its pieces, the choke and interest flags, outstanding requests and rates. No I/O.</summary>
internal class PeerState
{
    public PeerState(IPEndPoint endPoint, int pieceCount)
    {
        EndPoint = endPoint;
        Pieces = new Bitfield(pieceCount);
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>Its pieces.</summary>
    public Bitfield Pieces { get; set; }

    /// <summary>The number of its pieces that we still want.</summary>
    public int Interesting { get; set; }

    /// <summary>Whether it chokes us.</summary>
    public bool IsChokingUs { get; set; } = true;

    /// <summary>Whether it had every piece when it declared its pieces: it is a seed, not a download that has become complete.</summary>
    public bool IsOrigin { get; set; }

    /// <summary>Whether it is interested in our pieces.</summary>
    public bool IsInterestedInUs { get; set; }

    /// <summary>Whether we choke it.</summary>
    public bool IsChokedByUs { get; set; } = true;

    /// <summary>Whether we declared interest in its pieces.</summary>
    public bool IsInterestingToUs { get; set; }

    /// <summary>The outstanding requests to it.</summary>
    public OutstandingQueue Outstanding { get; } = new();

    /// <summary>The number of requests to keep outstanding.</summary>
    public RequestWindow Window { get; } = new();

    public RateMeter DownloadRate { get; } = new();

    /// <summary>Its download rate at the last tick, in bytes per second.</summary>
    public double Rate { get; set; }

    public RateMeter UploadRate { get; } = new();

    /// <summary>Its turn of being sent data.</summary>
    public UploadTurn Turn { get; } = new();

    /// <summary>Whether it sent no block for so long that its requests were released to others.</summary>
    public bool IsSnubbed { get; set; }

    /// <summary>When its last block arrived, or when a request was sent after none was outstanding; the torrent's clock, in seconds.</summary>
    public double LastBlockAt { get; set; }

    /// <summary>The piece that it is downloading alone.</summary>
    public OpenPiece? Current { get; set; }

    /// <summary>The <see cref="PieceOrder.Version"/> at which it had no queued piece; 0 if unknown.</summary>
    public long NothingQueuedAt { get; set; }

    /// <summary>The tick at which no block was found that others owe and it would send sooner.</summary>
    public long HurriedInVainAt { get; set; } = -1;

    /// <summary>The pieces that it allows us to request while it chokes us (BEP 6); it need not have them.</summary>
    public List<int> AllowedFast { get; } = [];

    /// <summary>The pieces that it suggests (BEP 6).</summary>
    public SuggestedPieces Suggested { get; } = new();

    /// <summary>The pieces that it is getting from us, as far as known.</summary>
    public List<PieceOnItsWay> OnTheirWay { get; } = [];

    /// <summary>The pieces of which it rejected a block while it did not choke us: they are not requested from it for a while.</summary>
    public List<int> PassedOver { get; } = [];

    /// <summary>When they may be requested from it again, on the torrent's clock in seconds.</summary>
    public double PassedOverUntil { get; set; }

    /// <summary>Whether blocks may be requested from it.</summary>
    public bool CanBeAsked => !IsChokingUs && Interesting > 0;

    /// <summary>Whether some blocks may be requested from it although it chokes us.</summary>
    public bool CanBeAskedWhileChoking => IsChokingUs && Interesting > 0 && AllowedFast.Count > 0;
}
