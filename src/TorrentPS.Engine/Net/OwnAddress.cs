using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Net;

/// <summary>
/// Determines our address in the Internet from what peers (BEP 10, "yourip") or DHT nodes (BEP 42) report. Any one may lie, so it takes several votes from different
/// networks that agree and outnumber the others. For one address family.
/// </summary>
internal sealed class OwnAddress
{
    /// <summary>The number of votes required.</summary>
    public const int Quorum = 3;

    private const int MaxVotes = 32;

    private readonly Queue<(ulong Voter, IPAddress Address)> _votes = new();
    private readonly HashSet<ulong> _voters = [];

    /// <summary>The address; null if unknown.</summary>
    public IPAddress? Address { get; private set; }

    /// <summary>Adds a vote; true if the result has changed.</summary>
    public bool Add(IPAddress voter, IPAddress address)
    {
        // A voter in the local network sees another address than the Internet does.
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
        _votes.Clear(); // otherwise the old votes would outvote the new ones long after a change of address
        _voters.Clear();
        return true;
    }

    /// <summary>The first 24 bits of an IPv4 address, or 48 of an IPv6 address: likely to belong to one owner.</summary>
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
