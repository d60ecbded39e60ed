using System.Net;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Swarm;

/// <summary>
/// What our address in the Internet is, as peers say that they see it (BEP 10, "yourip"). One of them may lie, so it takes several from different
/// networks that agree, and are more than those that do not. For one family of addresses.
/// </summary>
internal sealed class OwnAddress
{
    /// <summary>Votes that it takes.</summary>
    public const int Quorum = 3;

    private const int MaxVotes = 32;

    private readonly Queue<(int Voter, IPAddress Address)> _votes = new();

    /// <summary>The address; null while it is not known.</summary>
    public IPAddress? Address { get; private set; }

    /// <summary>Takes a vote; true when it has changed the outcome.</summary>
    public bool Add(IPAddress voter, IPAddress address)
    {
        // One who is near by sees us by another address than the Internet does.
        if (voter.AddressFamily != address.AddressFamily || AddressRules.ReachOf(voter) != AddressReach.World || AddressRules.ReachOf(address) != AddressReach.World)
            return false;
        int network = NetworkOf(voter);
        if (_votes.Any(vote => vote.Voter == network))
            return false;
        _votes.Enqueue((network, address));
        if (_votes.Count > MaxVotes)
            _votes.Dequeue();
        int count = _votes.Count(vote => vote.Address.Equals(address));
        if (address.Equals(Address) || count < Quorum || 2 * count <= _votes.Count)
            return false;
        Address = address;
        return true;
    }

    /// <summary>The first 24 bits of an IPv4 address, 48 of an IPv6 address, as a number that tells most of them apart.</summary>
    private static int NetworkOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        var hash = new HashCode();
        hash.AddBytes(bytes[..(length == 16 ? 6 : 3)]);
        return hash.ToHashCode();
    }
}
