using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Creating;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>
/// The trees over the blocks of pieces, for peers that ask for their hashes (BEP 52): a request of 53 bytes has a whole piece read. So one piece is read at a time, for those
/// first that we send to; the last trees are kept; and what an address may have us read is bounded, as is what all peers together may that we choke.
/// Belongs to the torrent's loop.
/// </summary>
internal sealed class LeafTrees
{
    /// <summary>Bytes of trees that are kept.</summary>
    public const int MostKept = 4 << 20;

    /// <summary>Bytes that an address may have us read at once, though two pieces at least.</summary>
    public const long MostOfAddress = 64 << 20;

    /// <summary>Bytes that all choked peers may have us read at once, though four pieces at least.</summary>
    public const long MostOfChoked = 256 << 20;

    private const double RecoverySeconds = 3600;
    private const double ChokedRecoverySeconds = 600;

    private readonly PieceDisk _disk;
    private readonly AddressBudget _ofAddress;
    private readonly double _mostOfChoked;
    private readonly Dictionary<int, LinkedListNode<(int Piece, HashTree Tree)>> _kept = [];
    private readonly LinkedList<(int Piece, HashTree Tree)> _byUse = new(); // the last used first
    private readonly List<(PeerSession Peer, int Piece, Action<HashTree?> Done)> _waiting = [];
    private readonly int _mostKept;
    private int _keptBytes;
    private double _leftOfChoked;
    private double _countedAt;
    private int _reading = -1;

    public LeafTrees(PieceDisk disk, int mostKept = MostKept)
    {
        _mostKept = mostKept;
        _disk = disk;
        double most = Math.Max(MostOfAddress, 2L * Torrent.PieceLength);
        _ofAddress = new AddressBudget(most, most / RecoverySeconds);
        _leftOfChoked = _mostOfChoked = Math.Max(MostOfChoked, 4L * Torrent.PieceLength);
    }

    private Torrent Torrent => _disk.Hashes.Torrent;

    /// <summary>Bytes that were read.</summary>
    public long BytesRead { get; private set; }

    /// <summary>A tree that is kept; null when the piece must be read.</summary>
    public HashTree? Find(int piece)
    {
        if (!_kept.TryGetValue(piece, out LinkedListNode<(int Piece, HashTree Tree)>? node))
            return null;
        _byUse.Remove(node);
        _byUse.AddFirst(node);
        return node.Value.Tree;
    }

    /// <summary>Has a piece read for a peer, in its turn.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="piece">The piece, which we have.</param>
    /// <param name="isEarned">Whether the peer has taken so much data that this may be read for it too.</param>
    /// <param name="now">Seconds of the torrent's clock.</param>
    /// <param name="done">Gets the tree; null when the piece cannot be read. Not called when the connection was closed meanwhile.</param>
    /// <returns>False when the peers at its address have had enough read.</returns>
    public bool TryRead(PeerSession peer, int piece, bool isEarned, double now, Action<HashTree?> done)
    {
        bool isRead = _reading == piece || _waiting.Exists(waiting => waiting.Piece == piece);
        if (!isRead && !isEarned && !TryTake(peer, Torrent.LengthOfPiece(piece), now))
            return false;
        _waiting.Add((peer, piece, done));
        if (_reading < 0)
            _ = ReadAsync();
        return true;
    }

    private bool TryTake(PeerSession peer, int bytes, double now)
    {
        _leftOfChoked = Math.Min(_mostOfChoked, _leftOfChoked + (now - _countedAt) * _mostOfChoked / ChokedRecoverySeconds);
        _countedAt = now;
        if ((peer.State.IsChokedByUs && _leftOfChoked < bytes) || !_ofAddress.TryTake(peer.EndPoint.Address, bytes, now))
            return false;
        if (peer.State.IsChokedByUs)
            _leftOfChoked -= bytes;
        return true;
    }

    private async Task ReadAsync()
    {
        while (Next() is (var first, var piece))
        {
            _reading = piece;
            try
            {
                BytesRead += Torrent.DataLengthOfPiece(piece);
                HashTree? tree = await new LeafReader(_disk.Storage, _disk.Hashes, _disk.Jobs, piece).ReadAsync(_disk.Queue);
                if (tree is not null)
                    Keep(piece, tree);
                Serve(piece, tree);
            }
            catch (Exception e)
            {
                first.Fault(e);
            }
        }

        _reading = -1;
    }

    private void Serve(int piece, HashTree? tree)
    {
        List<(PeerSession Peer, int Piece, Action<HashTree?> Done)> served = _waiting.FindAll(waiting => waiting.Piece == piece);
        _waiting.RemoveAll(waiting => waiting.Piece == piece);
        foreach ((PeerSession peer, _, Action<HashTree?> done) in served)
        {
            if (!peer.IsClosed)
                Serve(peer, done, tree);
        }
    }

    private static void Serve(PeerSession peer, Action<HashTree?> done, HashTree? tree)
    {
        try
        {
            done(tree);
        }
        catch (Exception e)
        {
            peer.Fault(e);
        }
    }

    /// <summary>The piece to read next, and the peer that it is read for: of those that we send to, then of all, who asked first; null when nobody waits.</summary>
    private (PeerSession Peer, int Piece)? Next()
    {
        _waiting.RemoveAll(waiting => waiting.Peer.IsClosed);
        int first = _waiting.FindIndex(waiting => !waiting.Peer.State.IsChokedByUs);
        if (_waiting.Count == 0)
            return null;
        (PeerSession peer, int piece, _) = _waiting[Math.Max(first, 0)];
        return (peer, piece);
    }

    private void Keep(int piece, HashTree tree)
    {
        _kept[piece] = _byUse.AddFirst((piece, tree));
        for (_keptBytes += tree.Length; _keptBytes > _mostKept && _byUse.Count > 1; _byUse.RemoveLast())
        {
            (int oldest, HashTree old) = _byUse.Last!.Value;
            _keptBytes -= old.Length;
            _kept.Remove(oldest);
        }
    }
}
