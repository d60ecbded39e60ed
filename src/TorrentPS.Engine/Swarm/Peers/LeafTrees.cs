using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Creating;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>
/// The leaf hashes of pieces, for requests of peers (BEP 52): a request of 53 bytes causes a whole piece to be read. So pieces are read one at a time, for unchoked peers
/// first; the last trees are cached; and the amount read for an address is limited, and so is the total for all choked peers. Belongs to the torrent's loop.
/// </summary>
internal sealed class LeafTrees
{
    /// <summary>The maximum size of cached trees, in bytes.</summary>
    public const int MostKept = 4 << 20;

    /// <summary>The burst limit of an address in bytes, but at least two pieces.</summary>
    public const long MostOfAddress = 64 << 20;

    /// <summary>The burst limit of all choked peers in bytes, but at least four pieces.</summary>
    public const long MostOfChoked = 256 << 20;

    private const double RecoverySeconds = 3600;
    private const double ChokedRecoverySeconds = 600;

    private readonly PieceDisk _disk;
    private readonly AddressBudget _ofAddress;
    private readonly double _mostOfChoked;
    private readonly Dictionary<int, LinkedListNode<(int Piece, HashTree Tree)>> _kept = [];
    private readonly LinkedList<(int Piece, HashTree Tree)> _byUse = new(); // the most recently used first
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

    /// <summary>The number of bytes read.</summary>
    public long BytesRead { get; private set; }

    /// <summary>A cached tree; null if the piece must be read.</summary>
    public HashTree? Find(int piece)
    {
        if (!_kept.TryGetValue(piece, out LinkedListNode<(int Piece, HashTree Tree)>? node))
            return null;
        _byUse.Remove(node);
        _byUse.AddFirst(node);
        return node.Value.Tree;
    }

    /// <summary>Queues a piece for reading.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="piece">A piece that we have.</param>
    /// <param name="isEarned">Whether the peer has received enough data for this read not to count.</param>
    /// <param name="now">The torrent's clock, in seconds.</param>
    /// <param name="done">Receives the tree; null if the piece cannot be read. Not called if the connection was closed meanwhile.</param>
    /// <returns>False if the limit of the peer's address is reached.</returns>
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

    /// <summary>The next piece to read, with its peer: the oldest request of an unchoked peer, or else of any; null if there is none.</summary>
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
