using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <content>
/// Getting the hashes of version 2 torrents from peers (BEP 52): those of pieces, where the .torrent does not have them or there is only a magnet link, and those of
/// the blocks of pieces that were wrong.
/// </content>
internal sealed partial class TorrentSession
{
    private LayerFetch? _hashes; // null for a v1 torrent

    private HashSupply? HashSupply { get; set; }

    HashSupply IHashExchange.Supply => HashSupply!;

    /// <summary>Whether a piece cannot be verified yet. One of a hybrid torrent can, by its v1 hash.</summary>
    private bool IsWithheld(int piece) => _torrent.Version == TorrentVersion.V2 && !_layers!.IsKnown(piece);

    /// <summary>Finds out which hashes are to be asked for.</summary>
    private void PrepareHashes()
    {
        if (_layers is not { } layers)
            return;
        HashSupply = new HashSupply(_disk);
        _hashes = new LayerFetch(_torrent, layers, HashSupply.Proofs, file => _layout.WantedPieces[layers.FirstPieceOf(file)]);
    }

    /// <summary>Asks peers for what is missing, a few requests each.</summary>
    private void AskForHashes()
    {
        if (_isStopping || _hashes is not { } hashes || (hashes.IsDone && _suspects.Count == 0))
            return;
        ForEach(static (session, peer) => session.AskForHashes(peer));
    }

    /// <summary>Asks a peer for what is missing.</summary>
    private void AskForHashes(PeerSession peer)
    {
        double now = Now;
        if (_hashes is not { } hashes || !MayBeAskedForHashes(peer, now))
            return;
        foreach ((int piece, SuspectPiece suspect) in _suspects)
        {
            if (suspect.Right is null && peer.HashesAsked < LayerFetch.Window && peer.State.Pieces[piece])
                Ask(peer, _layers!.FileOf(piece), hashes.LeavesOf(piece), now);
        }

        for (int i = 0; i < hashes.Wanted.Length && peer.HashesAsked < LayerFetch.Window; i++)
        {
            (int file, int chunk) = hashes.Wanted[i];
            if (HasAnyOf(peer, file, chunk))
                Ask(peer, file, hashes.RangeOf(file, chunk), now);
        }
    }

    /// <summary>Asks a peer that has got a piece for its hash, or those of its blocks, when they are missing; no more, since it may say so of each piece.</summary>
    private void AskForHashes(PeerSession peer, int piece)
    {
        double now = Now;
        if (_hashes is not { } hashes || !MayBeAskedForHashes(peer, now))
            return;
        PieceLayers layers = _layers!;
        int file = layers.FileOf(piece);
        if (_suspects.TryGetValue(piece, out SuspectPiece? suspect) && suspect.Right is null)
            Ask(peer, file, hashes.LeavesOf(piece), now);
        else if (_layout.WantedPieces[piece] && !layers.IsKnown(piece))
            Ask(peer, file, hashes.RangeOf(file, (piece - layers.FirstPieceOf(file)) / PieceLayers.ChunkLength), now);
    }

    private bool MayBeAskedForHashes(PeerSession peer, double now) =>
        !_isStopping && !(_hashes!.IsDone && _suspects.Count == 0) && peer is { IsV2: true, IsClosed: false, HashesAsked: < LayerFetch.Window } && now >= peer.HashesPausedUntil;

    private void Ask(PeerSession peer, int file, HashRange range, double now)
    {
        if (_hashes!.TryAsk(file, range, now, out int known))
            peer.RequestHashes(known, range);
    }

    private bool HasAnyOf(PeerSession peer, int file, int chunk)
    {
        int first = _layers!.FirstPieceOf(file) + chunk * PieceLayers.ChunkLength;
        return peer.State.Pieces.HasAny(first, Math.Min(first + PieceLayers.ChunkLength, _layers.FirstPieceOf(file) + _layers.PiecesIn(file)));
    }

    public void HashesRejected(PeerSession peer, int file, HashRange range)
    {
        peer.HashesPausedUntil = Now + LayerFetch.PauseSeconds;
        _hashes!.Answered(file, range);
        TickSuspects(Now); // it may have been the last to know
        AskForHashes();
    }

    public void HashesReceived(PeerSession peer, int file, HashRange range, ReadOnlySpan<byte> hashes)
    {
        _hashes!.Answered(file, range);
        if (range.BaseLayer != _layers!.PieceHeight)
        {
            LeavesReceived(peer, file, range, hashes);
            return;
        }

        try
        {
            if (_hashes.Receive(file, range, hashes, _picker.Admit))
            {
                _lastProgressAt = Now;
                _isResumeDirty = true;
            }
            else
            {
                Log($"Peer {peer.EndPoint} sent hashes that do not lead to their root");
                Ban(peer.State);
            }
        }
        catch (TorrentException e)
        {
            StorageFailed(e);
            return;
        }

        AskForHashes();
        AskAll();
    }

    /// <summary>What a peer that is gone was asked for is others' to send, at once.</summary>
    private void DisownHashes(PeerSession peer)
    {
        foreach ((int file, HashRange range) in peer.UnansweredHashes)
            _hashes?.Answered(file, range);
        TickSuspects(Now);
        AskForHashes();
    }

    /// <summary>Looks at the clock: what nobody answers is asked of others.</summary>
    private void TickHashes(double now)
    {
        if (_hashes is null || (_hashes.IsDone && _suspects.Count == 0))
            return;
        _hashes.DropKnown();
        TickSuspects(now);
        AskForHashes();
    }
}
