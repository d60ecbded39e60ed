using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The hashes that a peer is asked for (BEP 52, "peer messages"), and what it answers.</summary>
internal sealed class HashInbox(PeerHandler peer)
{
    private const int MaxUnasked = 64;

    private readonly PeerConnection _connection = peer.Connection;
    private readonly List<(int File, HashRange Range)> _asked = [];
    private int _unasked;

    /// <summary>Requests that the peer has not answered.</summary>
    public IReadOnlyList<(int File, HashRange Range)> Asked => _asked;

    /// <summary>Until when it is asked for no hashes, having rejected a request; in seconds of the torrent's clock.</summary>
    public double PausedUntil { get; set; }

    /// <summary>The greatest length of an answer; 0 when the peer was asked for nothing.</summary>
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

    /// <summary>Asks for hashes.</summary>
    public void Request(int file, HashRange range, ReadOnlySpan<byte> root)
    {
        if (_connection.IsClosed)
            return; // no answer would come
        _asked.Add((file, range));
        HashMessage.Write(_connection.Output.Append(HashMessage.Length), MessageId.HashRequest, root, range);
        _connection.Output.Flush();
    }

    /// <summary>Takes a message about hashes, of whichever kind.</summary>
    /// <param name="id">Its kind.</param>
    /// <param name="payload">What it says.</param>
    /// <param name="proofs">The files by their roots.</param>
    /// <param name="serving">Answers requests; null where none are.</param>
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
