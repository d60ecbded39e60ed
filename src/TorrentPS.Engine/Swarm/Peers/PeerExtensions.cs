using System.Net;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The extension messages of one connection (BEP 10): both handshakes, the extensions that we support, and the ids that the peer assigns.</summary>
internal sealed class PeerExtensions(PeerConnection connection)
{
    private readonly Dictionary<string, byte> _peerIds = new(StringComparer.Ordinal);

    /// <summary>The extensions that we support; our next handshake lists them.</summary>
    public IReadOnlyList<IPeerExtension> Members { get; set; } = [];

    /// <summary>The client's name, from its extension handshake or its peer id.</summary>
    public string Client { get; private set; } = PeerId.ClientName(connection.Handshake.PeerId) ?? "unknown client";

    /// <summary>The address at which the peer listens; null if it connected to us and did not declare its port.</summary>
    public IPEndPoint? ListenEndPoint { get; private set; } = connection.IsOutgoing ? connection.EndPoint : null;

    /// <summary>Whether the peer has declared support for holepunching, even if it disabled the message.</summary>
    public bool KnowsHolepunch { get; private set; }

    /// <summary>Whether the peer accepts an extension message.</summary>
    public bool Takes(string name) => _peerIds.GetValueOrDefault(name) > 0;

    /// <summary>Queues our handshake.</summary>
    /// <param name="own">Its contents besides the list of extensions.</param>
    public void QueueHandshake(ExtensionHandshake own)
    {
        IPAddress peer = connection.EndPoint.Address;
        Append(ExtensionHandshake.ExtendedId, (own with
        {
            Extensions = Members.ToDictionary(member => member.Name, member => member.OwnId, StringComparer.Ordinal),
            Client = ProgramName.Client,
            RequestQueue = BlockOutbox.MaxRequests,
            Port = (AddressRules.ReachOf(peer) == AddressReach.World ? connection.Host.PublicPort : connection.Host.ListenPort) is > 0 and int port ? port : null,
            YourIP = peer,
        }).ToBytes());
    }

    /// <summary>Queues an extension message.</summary>
    /// <param name="name">The extension; nothing is sent if the peer does not accept it.</param>
    /// <param name="payload">The bytes after the extension id.</param>
    /// <param name="more">The bytes after the payload.</param>
    public void Queue(string name, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> more = default)
    {
        if (_peerIds.GetValueOrDefault(name) is > 0 and byte id)
            Append(id, payload, more);
    }

    private void Append(byte extendedId, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> more = default)
    {
        PeerMessage.WriteExtendedHeader(connection.Output.Append(6), extendedId, payload.Length + more.Length);
        payload.CopyTo(connection.Output.Append(payload.Length));
        more.CopyTo(connection.Output.Append(more.Length));
    }

    /// <summary>The first extension with a message that waits for the connection; null if there is none.</summary>
    public IPeerExtension? NextToSend()
    {
        foreach (IPeerExtension member in Members)
        {
            if (member.NextLength > 0)
                return member;
        }

        return null;
    }

    /// <summary>Handles an extension message of the peer.</summary>
    /// <param name="payload">The extension id, and the bytes after it.</param>
    public void Receive(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty)
        {
            connection.Violate("a message {0} of a wrong length", MessageId.Extended);
            return;
        }

        byte id = payload[0];
        try
        {
            if (id == ExtensionHandshake.ExtendedId)
                ReceiveHandshake(payload);
            else
                Find(id)?.Receive(payload[1..]); // an id that we have not assigned is ignored
        }
        catch (BencodeException e)
        {
            connection.Violate(id == ExtensionHandshake.ExtendedId ? "an extension handshake that cannot be read: {0}" : "an extension message that cannot be read: {0}", e.Message);
        }
    }

    private IPeerExtension? Find(byte ownId)
    {
        foreach (IPeerExtension member in Members)
        {
            if (member.OwnId == ownId)
                return member;
        }

        return null;
    }

    private void ReceiveHandshake(ReadOnlySpan<byte> payload)
    {
        if (payload.Length - 1 > ExtensionHandshake.MaxLength)
        {
            connection.Violate("an extension handshake of {0} bytes", payload.Length - 1);
            return;
        }

        if (!connection.Spend(MessageBudget.Handshake))
            return;
        ExtensionHandshake handshake = ExtensionHandshake.Read(payload[1..]);
        foreach (IPeerExtension member in Members) // a later handshake changes only the extensions that it names
        {
            if (handshake.Extensions.TryGetValue(member.Name, out byte id))
                _peerIds[member.Name] = id;
        }

        Client = handshake.Client ?? Client;
        KnowsHolepunch |= handshake.Extensions.GetValueOrDefault(HolepunchMessage.ExtensionName) > 0;
        if (!connection.IsOutgoing && handshake.Port is { } port)
            ListenEndPoint = new IPEndPoint(connection.EndPoint.Address, port);
        connection.Handler!.ExtensionsReceived(handshake, payload);
    }
}
