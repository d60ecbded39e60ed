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
/// Getting the hashes of a version 2 torrent from peers (BEP 52): those of pieces, where the .torrent does not have them or there is only a magnet link, and those of
/// the blocks of pieces that were wrong. Belongs to the torrent's loop.
/// </summary>
internal sealed class HashExchange : IHashExchange
{
    private readonly SwarmRun _run;
    private readonly Roster<PeerSession> _roster;
    private readonly PiecePicker _picker;
    private readonly FileLayout _layout;
    private readonly PieceLayers _layers;
    private readonly PeerBans _bans;
    private readonly ResumeSaver _saver;
    private readonly LayerFetch _fetch;

    /// <param name="run">The run.</param>
    /// <param name="roster">The peers.</param>
    /// <param name="picker">Gets the pieces whose hashes have come.</param>
    /// <param name="layout">Which pieces are wanted.</param>
    /// <param name="disk">What hashes are given from.</param>
    /// <param name="bans">Parts with those that send wrong ones.</param>
    /// <param name="saver">Has those that have come noted.</param>
    public HashExchange(SwarmRun run, Roster<PeerSession> roster, PiecePicker picker, FileLayout layout, PieceDisk disk, PeerBans bans, ResumeSaver saver)
    {
        (_run, _roster, _picker, _layout, _layers, _bans, _saver) = (run, roster, picker, layout, disk.Hashes.Layers!, bans, saver);
        Supply = new HashSupply(disk);
        _fetch = new LayerFetch(run.Torrent, _layers, Supply.Proofs, file => layout.WantedPieces[_layers.FirstPieceOf(file)]);
    }

    /// <inheritdoc/>
    public HashSupply Supply { get; }

    /// <summary>The pieces that were wrong.</summary>
    public required PieceRepair Repair { get; init; }

    private bool IsDone => _fetch.IsDone && !Repair.IsAnySuspect;

    /// <summary>Whether the leaves of a piece tell more than its root, and can be asked for.</summary>
    public bool HasLeaves(int piece) => _layers.IsKnown(piece) && _fetch.HasLeaves(piece);

    /// <summary>The piece that leaves are of, among some; negative when they are of none.</summary>
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

    /// <summary>Asks peers for what is missing, a few requests each.</summary>
    public void AskAll()
    {
        if (!_run.IsStopping && !IsDone)
            _roster.ForEach(this, static (self, peer) => self.Ask(peer));
    }

    /// <summary>Asks a peer for what is missing.</summary>
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

    /// <summary>Asks a peer that has got a piece for its hash, or those of its blocks, when they are missing; no more, since it may say so of each piece.</summary>
    public void Ask(PeerSession peer, int piece)
    {
        double now = _run.Now;
        if (!MayBeAsked(peer, now))
            return;
        int file = _layers.FileOf(piece);
        if (Repair.IsUnproved(piece))
            AskForLeaves(peer, piece, now);
        else if (_layout.WantedPieces[piece] && !_layers.IsKnown(piece))
            Ask(peer, file, _fetch.RangeOf(file, (piece - _layers.FirstPieceOf(file)) / PieceLayers.ChunkLength), now);
    }

    /// <summary>Asks a peer for the hashes of the blocks of a piece.</summary>
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
        Repair.Tick(_run.Now); // it may have been the last to know
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

    /// <summary>What a peer that is gone was asked for is others' to send, at once.</summary>
    public void Disown(PeerSession peer)
    {
        foreach ((int file, HashRange range) in peer.Hashes.Asked)
            _fetch.Answered(file, range);
        Repair.Tick(_run.Now);
        AskAll();
    }

    /// <summary>Looks at the clock: what nobody answers is asked of others.</summary>
    public void Tick(double now)
    {
        if (IsDone)
            return;
        _fetch.DropKnown();
        Repair.Tick(now);
        AskAll();
    }
}
