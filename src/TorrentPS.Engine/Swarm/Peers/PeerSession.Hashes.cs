using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <content>Hashes of version 2 torrents, asked for and given (BEP 52, "peer messages").</content>
internal sealed partial class PeerSession
{
    private const int MaxUnaskedHashes = 64;

    private readonly List<(int File, HashRange Range)> _hashesAsked = [];
    private readonly HashServing? _hashServing; // null for a v1 torrent
    private int _unaskedHashes;

    /// <summary>Requests for hashes that the peer has not answered.</summary>
    public int HashesAsked => _hashesAsked.Count;

    /// <summary>What these are of.</summary>
    public IReadOnlyList<(int File, HashRange Range)> UnansweredHashes => _hashesAsked;

    /// <summary>Until when it is asked for no hashes, having rejected a request; in seconds of the torrent's clock.</summary>
    public double HashesPausedUntil { get; set; }

    /// <summary>Asks for hashes.</summary>
    public void RequestHashes(int file, HashRange range)
    {
        if (_isClosed)
            return; // nobody is there to answer
        _hashesAsked.Add((file, range));
        QueueHashes(MessageId.HashRequest, _swarm.Torrent.PieceRoots![file].Span, range, []);
        Flush();
    }

    /// <summary>Queues a message about hashes; <see cref="Flush"/> sends it.</summary>
    /// <param name="id">Which message.</param>
    /// <param name="root">The root of the file.</param>
    /// <param name="range">Which hashes.</param>
    /// <param name="hashes">The hashes, where they are given.</param>
    public void QueueHashes(MessageId id, ReadOnlySpan<byte> root, HashRange range, ReadOnlySpan<byte> hashes)
    {
        Span<byte> message = Append(HashMessage.Length + hashes.Length);
        HashMessage.Write(message, id, root, range, hashes.Length);
        hashes.CopyTo(message[HashMessage.Length..]);
    }

    /// <summary>The greatest length of an answer to what the peer was asked for; 0 when that is nothing.</summary>
    private int LongestHashes()
    {
        int longest = 0;
        foreach ((_, HashRange range) in _hashesAsked)
            longest = Math.Max(longest, HashMessage.Length - PeerMessage.PrefixLength + range.HashesLength);
        return longest;
    }

    private void HandleHashMessage(MessageId id, ReadOnlySpan<byte> payload)
    {
        if (!IsV2 || _hashServing is null)
            return; // as any message that was not agreed on
        if (!HashMessage.TryRead(payload, out ReadOnlySpan<byte> root, out HashRange range, out ReadOnlySpan<byte> hashes) || (id != MessageId.Hashes && !hashes.IsEmpty))
        {
            Violate("a message {0} of a wrong length", id);
            return;
        }

        int file = _swarm.Hashes!.Supply.Proofs.FileOf(root);
        if (id == MessageId.HashRequest)
        {
            _hashServing.Receive(file, root, range);
            return;
        }

        if (!_hashesAsked.Remove((file, range)))
        {
            if (++_unaskedHashes > MaxUnaskedHashes)
                Violate("unrequested hashes: {0} times", _unaskedHashes);
        }
        else if (id == MessageId.HashReject)
        {
            _swarm.Hashes!.HashesRejected(this, file, range);
        }
        else if (hashes.Length != range.HashesLength)
        {
            Violate("a message {0} of a wrong length", id);
        }
        else
        {
            EarnBack();
            _swarm.Hashes!.HashesReceived(this, file, range, hashes);
        }
    }
}
