using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The hashes requested from a peer (BEP 52, "peer messages"), and its answers.</summary>
internal sealed class HashInbox(PeerHandler peer)
{
    private const int MaxUnasked = 64;

    private readonly PeerConnection _connection = peer.Connection;
    private readonly List<(int File, HashRange Range)> _asked = [];
    private int _unasked;

    /// <summary>The outstanding requests.</summary>
    public IReadOnlyList<(int File, HashRange Range)> Asked => _asked;

    /// <summary>Until when no hashes are requested from it, because it rejected a request; the torrent's clock, in seconds.</summary>
    public double PausedUntil { get; set; }

    /// <summary>The maximum length of an answer; 0 if nothing is outstanding.</summary>
    public int Longest
    {
        get
        {
            int longest = 0;
            foreach ((_, HashRange range) in _asked)
                longest = Math.Max(longest, HashMessage.Length - PeerMessage.PrefixLength + range.HashesLength);
            return longest;
        }
    }

    /// <summary>Requests hashes.</summary>
    public void Request(int file, HashRange range, ReadOnlySpan<byte> root)
    {
        if (_connection.IsClosed)
            return; // no answer would arrive
        _asked.Add((file, range));
        HashMessage.Write(_connection.Output.Append(HashMessage.Length), MessageId.HashRequest, root, range);
        _connection.Output.Flush();
    }

    /// <summary>Handles a hash message of any type.</summary>
    /// <param name="id">The type.</param>
    /// <param name="payload">The payload.</param>
    /// <param name="proofs">The files by their roots.</param>
    /// <param name="serving">Answers requests; null to reject them.</param>
    public void Receive(MessageId id, ReadOnlySpan<byte> payload, HashProofs proofs, HashServing? serving)
    {
        if (!HashMessage.TryRead(payload, out ReadOnlySpan<byte> root, out HashRange range, out ReadOnlySpan<byte> hashes) || (id != MessageId.Hashes && !hashes.IsEmpty))
        {
            _connection.Violate("a message {0} of a wrong length", id);
            return;
        }

        int file = proofs.FileOf(root);
        if (id == MessageId.HashRequest)
        {
            serving?.Receive(file, root, range);
        }
        else if (!_asked.Remove((file, range)))
        {
            if (++_unasked > MaxUnasked)
                _connection.Violate("unrequested hashes: {0} times", _unasked);
        }
        else if (id == MessageId.HashReject)
        {
            peer.HashesRejected(file, range);
        }
        else if (hashes.Length != range.HashesLength)
        {
            _connection.Violate("a message {0} of a wrong length", id);
        }
        else
        {
            _connection.EarnBack();
            peer.HashesReceived(file, range, hashes);
        }
    }
}
