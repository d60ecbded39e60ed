using System.Collections.ObjectModel;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The kinds of extension messages of one connection: which we take, and by which ids the peer takes them (BEP 10, "handshake message").</summary>
internal sealed class PeerExtensions(IReadOnlyList<IPeerExtension> members)
{
    private readonly Dictionary<string, byte> _peerIds = new(StringComparer.Ordinal);

    /// <summary>What our handshake names.</summary>
    public IReadOnlyDictionary<string, byte> OwnIds { get; } =
        members.Count == 0 ? ReadOnlyDictionary<string, byte>.Empty : members.ToDictionary(member => member.Name, member => member.OwnId, StringComparer.Ordinal);

    /// <summary>The one that has an id of ours; null when we gave out no such id.</summary>
    public IPeerExtension? Find(byte ownId)
    {
        foreach (IPeerExtension member in members)
        {
            if (member.OwnId == ownId)
                return member;
        }

        return null;
    }

    /// <summary>The id by which the peer takes a kind; 0 when it does not.</summary>
    public byte PeerId(string name) => _peerIds.GetValueOrDefault(name);

    /// <summary>Notes what the peer takes. A later handshake changes only what it names.</summary>
    public void Update(ExtensionHandshake handshake)
    {
        foreach (IPeerExtension member in members)
        {
            if (handshake.Extensions.TryGetValue(member.Name, out byte id))
                _peerIds[member.Name] = id;
        }
    }

    /// <summary>The first that has a message that waits for the connection; null when none has.</summary>
    public IPeerExtension? NextToSend()
    {
        foreach (IPeerExtension member in members)
        {
            if (member.NextLength > 0)
                return member;
        }

        return null;
    }
}
