using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <summary>
/// Gets the hashes of a version 2 torrent from peers (BEP 52): piece hashes that are not in the .torrent, or for a magnet link, and leaf hashes of wrong pieces. Belongs
/// to the torrent's loop.
/// </summary>
internal sealed class HashExchange : IHashExchange
{
    private readonly SwarmRun _run;
    private readonly Roster<PeerSession> _roster;
    private readonly PiecePicker _picker;
    private readonly WantedFiles _wanted;
    private readonly PieceLayers _layers;
    private readonly PeerBans _bans;
    private readonly ResumeSaver _saver;
    private readonly LayerFetch _fetch;

    /// <param name="run">The run.</param>
    /// <param name="roster">The peers.</param>
    /// <param name="picker">Receives the pieces with known hashes.</param>
    /// <param name="wanted">The wanted files.</param>
    /// <param name="disk">The source of hashes for peers.</param>
    /// <param name="bans">Bans peers that send wrong hashes.</param>
    /// <param name="saver">Saves received hashes.</param>
    public HashExchange(SwarmRun run, Roster<PeerSession> roster, PiecePicker picker, WantedFiles wanted, PieceDisk disk, PeerBans bans, ResumeSaver saver)
    {
        (_run, _roster, _picker, _wanted, _layers, _bans, _saver) = (run, roster, picker, wanted, disk.Hashes.Layers!, bans, saver);
        Supply = new HashSupply(disk);
        _fetch = new LayerFetch(run.Torrent, _layers, Supply.Proofs, IsWanted);
    }

    /// <inheritdoc/>
    public HashSupply Supply { get; }

    /// <summary>Repairs wrong pieces.</summary>
    public required PieceRepair Repair { get; init; }

    private bool IsDone => _fetch.IsDone && !Repair.IsAnySuspect;

    /// <summary>Whether the leaf hashes of a piece are more than its root, and can be requested.</summary>
    public bool HasLeaves(int piece) => _layers.IsKnown(piece) && _fetch.HasLeaves(piece);

    /// <summary>The piece, among some, that contains the leaves of a range; negative if there is none.</summary>
    public int PieceOf(IEnumerable<int> pieces, int file, HashRange range)
    {
        int found = -1;
        foreach (int piece in pieces)
        {
            if (_fetch.LeavesOf(piece) == range && _fetch.RootOf(_layers.FileOf(piece)).SequenceEqual(_fetch.RootOf(file)))
                found = piece;
        }

        return found;
    }

    /// <summary>Whether hashes lead to the root of a piece.</summary>
    public bool Prove(int piece, HashRange range, ReadOnlySpan<byte> hashes) =>
        _layers.TryGet(piece, out ReadOnlySpan<byte> root) && HashProofs.Leads(hashes, range.Length, 0, 0, root);

    /// <summary>Other files are wanted: requests the hashes of their pieces.</summary>
    public void Want(IEnumerable<int> files)
    {
        _fetch.Want(files, IsWanted);
        AskAll();
    }

    private bool IsWanted(int file) => _wanted.Layout.WantedPieces[_layers.FirstPieceOf(file)];

    /// <summary>Requests missing hashes from all peers, a few each.</summary>
    public void AskAll()
    {
        if (!_run.IsStopping && !IsDone)
            _roster.ForEach(this, static (self, peer) => self.Ask(peer));
    }

    /// <summary>Requests missing hashes from a peer.</summary>
    public void Ask(PeerSession peer)
    {
        double now = _run.Now;
        if (!MayBeAsked(peer, now))
            return;
        Repair.AskForLeaves(peer, now);
        for (int i = 0; i < _fetch.Wanted.Length && peer.Hashes.Asked.Count < LayerFetch.Window; i++)
        {
            (int file, int chunk) = _fetch.Wanted[i];
            if (HasAnyOf(peer, file, chunk))
                Ask(peer, file, _fetch.RangeOf(file, chunk), now);
        }
    }

    /// <summary>Requests the missing hash of a piece, or its leaf hashes, from a peer that has just announced it; no more, because it may announce each piece.</summary>
    public void Ask(PeerSession peer, int piece)
    {
        double now = _run.Now;
        if (!MayBeAsked(peer, now))
            return;
        int file = _layers.FileOf(piece);
        if (Repair.IsUnproved(piece))
            AskForLeaves(peer, piece, now);
        else if (_wanted.Layout.WantedPieces[piece] && !_layers.IsKnown(piece))
            Ask(peer, file, _fetch.RangeOf(file, (piece - _layers.FirstPieceOf(file)) / PieceLayers.ChunkLength), now);
    }

    /// <summary>Requests the leaf hashes of a piece from a peer.</summary>
    public void AskForLeaves(PeerSession peer, int piece, double now) => Ask(peer, _layers.FileOf(piece), _fetch.LeavesOf(piece), now);

    private bool MayBeAsked(PeerSession peer, double now) =>
        !_run.IsStopping && !IsDone && peer is { IsV2: true, IsClosed: false, Hashes.Asked.Count: < LayerFetch.Window } && now >= peer.Hashes.PausedUntil;

    private void Ask(PeerSession peer, int file, HashRange range, double now)
    {
        if (_fetch.TryAsk(file, range, now, out int known))
            peer.RequestHashes(known, range);
    }

    private bool HasAnyOf(PeerSession peer, int file, int chunk)
    {
        int first = _layers.FirstPieceOf(file) + chunk * PieceLayers.ChunkLength;
        return peer.State.Pieces.HasAny(first, Math.Min(first + PieceLayers.ChunkLength, _layers.FirstPieceOf(file) + _layers.PiecesIn(file)));
    }

    /// <inheritdoc/>
    public void HashesRejected(PeerSession peer, int file, HashRange range)
    {
        peer.Hashes.PausedUntil = _run.Now + LayerFetch.PauseSeconds;
        _fetch.Answered(file, range);
        Repair.Tick(_run.Now); // it may have been the last possible source
        AskAll();
    }

    /// <inheritdoc/>
    public void HashesReceived(PeerSession peer, int file, HashRange range, ReadOnlySpan<byte> hashes)
    {
        _fetch.Answered(file, range);
        if (range.BaseLayer != _layers.PieceHeight)
        {
            if (!Repair.LeavesReceived(file, range, hashes))
                BanLiar(peer);
            return;
        }

        try
        {
            if (_fetch.Receive(file, range, hashes, _picker.Admit))
            {
                _run.LastProgressAt = _run.Now;
                _saver.IsDirty = true;
            }
            else
            {
                BanLiar(peer);
            }
        }
        catch (TorrentException e)
        {
            _run.End.StorageFailed(e);
            return;
        }

        AskAll();
        Repair.AskForBlocks();
    }

    private void BanLiar(PeerSession peer)
    {
        _run.Log($"Peer {peer.EndPoint} sent hashes that do not lead to their root");
        _bans.Ban(peer.State);
    }

    /// <summary>The requests to a peer that has left may be sent to others at once.</summary>
    public void Disown(PeerSession peer)
    {
        foreach ((int file, HashRange range) in peer.Hashes.Asked)
            _fetch.Answered(file, range);
        Repair.Tick(_run.Now);
        AskAll();
    }

    /// <summary>Periodic work: unanswered requests are sent to others.</summary>
    public void Tick(double now)
    {
        if (IsDone)
            return;
        _fetch.DropKnown();
        Repair.Tick(now);
        AskAll();
    }
}
