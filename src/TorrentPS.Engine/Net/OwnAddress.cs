using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Net;

/// <summary>
/// What our address in the Internet is, as others say that they see it: peers (BEP 10, "yourip") or nodes of the DHT (BEP 42). One of them may lie, so
/// it takes several from different networks that agree, and are more than those that do not. For one family of addresses.
/// </summary>
internal sealed class OwnAddress
{
    /// <summary>Votes that it takes.</summary>
    public const int Quorum = 3;

    private const int MaxVotes = 32;

    private readonly Queue<(ulong Voter, IPAddress Address)> _votes = new();
    private readonly HashSet<ulong> _voters = [];

    /// <summary>The address; null while it is not known.</summary>
    public IPAddress? Address { get; private set; }

    /// <summary>Takes a vote; true when it has changed the outcome.</summary>
    public bool Add(IPAddress voter, IPAddress address)
    {
        // One who is near by sees us by another address than the Internet does.
        if (voter.AddressFamily != address.AddressFamily || AddressRules.ReachOf(voter) != AddressReach.World || AddressRules.ReachOf(address) != AddressReach.World)
            return false;
        ulong network = NetworkOf(voter);
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

    /// <summary>The first 24 bits of an IPv4 address, 48 of an IPv6 address: what one owner is likely to have whole.</summary>
    private static ulong NetworkOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        ulong network = 0;
        foreach (byte part in bytes[..(address.AddressFamily == AddressFamily.InterNetworkV6 ? 6 : 3)])
            network = network << 8 | part;
        return network;
    }
}
