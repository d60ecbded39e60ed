namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// Remembers, for pieces with a wrong hash, the digests of the blocks and their senders, so that the sender of bad data is known once the piece is correct: only its
/// blocks then differ.
/// </summary>
internal sealed class BadPieceJournal
{
    private const int MaxAttempts = 4;

    private readonly Dictionary<int, List<Attempt>> _attempts = [];

    public bool Knows(int piece) => _attempts.ContainsKey(piece);

    /// <summary>Records a failed attempt. Returns the sender at once if all blocks came from one peer.</summary>
    public PeerState? Failed(OpenPiece piece, byte[][] digests)
    {
        var senders = new PeerState?[piece.BlockCount];
        for (int block = 0; block < senders.Length; block++)
            senders[block] = piece.Sender(block);
        PeerState? only = senders[0];
        if (only is not null && Array.TrueForAll(senders, sender => sender == only))
            return only;
        if (!_attempts.TryGetValue(piece.Index, out List<Attempt>? attempts))
            _attempts.Add(piece.Index, attempts = []);
        if (attempts.Count < MaxAttempts)
            attempts.Add(new Attempt(senders, digests));
        return null;
    }

    /// <summary>The piece is correct now: returns the peers that sent other bytes before.</summary>
    public IReadOnlyCollection<PeerState> Verified(int piece, byte[][]? digests)
    {
        if (!_attempts.Remove(piece, out List<Attempt>? attempts) || digests is null)
            return [];
        var liars = new HashSet<PeerState>();
        foreach (Attempt attempt in attempts)
        {
            for (int block = 0; block < digests.Length; block++)
            {
                if (digests[block].Length > 0 && attempt.Digests[block].Length > 0 && attempt.Senders[block] is { } sender && !attempt.Digests[block].AsSpan().SequenceEqual(digests[block]))
                    liars.Add(sender);
            }
        }

        return liars;
    }

    private sealed record Attempt(PeerState?[] Senders, byte[][] Digests);
}
