namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// Remembers, for pieces that failed their hash, which peer sent which bytes, so that the peer that lied is known once the piece has come
/// right: its block differs then, and those of the innocent do not.
/// </summary>
internal sealed class BadPieceJournal
{
    private const int MaxAttempts = 4;

    private readonly Dictionary<int, List<Attempt>> _attempts = [];

    public bool Knows(int piece) => _attempts.ContainsKey(piece);

    /// <summary>Notes a failed attempt. Gives the liar at once when all blocks came from one peer.</summary>
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

    /// <summary>The piece is right now: gives those who sent other bytes before.</summary>
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
