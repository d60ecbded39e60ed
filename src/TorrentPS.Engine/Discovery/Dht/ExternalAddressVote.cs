using System.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>
/// What our address is as others see it (BEP 42, "Bootstrapping"). One of them may lie, so it takes several from different networks that agree,
/// and are more than those that do not.
/// </summary>
internal sealed class ExternalAddressVote
{
    /// <summary>Votes that it takes.</summary>
    public const int Quorum = 3;

    private const int MaxVotes = 32;

    private readonly Queue<(ulong Voter, IPAddress Address)> _votes = new();
    private readonly HashSet<ulong> _voters = [];

    /// <summary>The address; null while it is not known.</summary>
    public IPAddress? Address { get; private set; }

    /// <summary>Takes a vote.</summary>
    /// <returns>Whether it has changed the outcome.</returns>
    public bool Add(IPAddress voter, IPAddress address)
    {
        // Who is at a local address sees us by another one than the Internet does.
        if (voter.AddressFamily != address.AddressFamily || DhtScope.IsLocal(voter) || DhtScope.IsLocal(address))
            return false;
        ulong network = DhtScope.NetworkOf(voter);
        if (!_voters.Add(network))
            return false;
        _votes.Enqueue((network, address));
        if (_votes.Count > MaxVotes)
            _voters.Remove(_votes.Dequeue().Voter);
        int count = _votes.Count(vote => vote.Address.Equals(address));
        if (address.Equals(Address) || count < Quorum || 2 * count <= _votes.Count)
            return false;
        Address = address;
        _votes.Clear(); // after a change of address, the old votes would outvote the new for long
        _voters.Clear();
        return true;
    }
}
