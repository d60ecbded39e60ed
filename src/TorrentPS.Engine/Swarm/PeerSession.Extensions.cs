using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <content>The extension protocol (BEP 10).</content>
internal sealed partial class PeerSession
{
    private readonly PeerExtensions _extensions;

    /// <summary>The client's name, from its own words or from its peer id.</summary>
    public string Client { get; private set; } = "";

    private PeerExtensions CreateExtensions() => new([new MetadataServing(this, _swarm)]);

    private void AppendExtensionHandshake()
    {
        Torrent torrent = _swarm.Store.Torrent;
        AppendExtended(ExtensionHandshake.ExtendedId, new ExtensionHandshake
        {
            Extensions = _extensions.OwnIds,
            Client = TorrentClient.ClientName,
            MetadataSize = MetadataServing.Serves(torrent) ? torrent.InfoBytes.Length : null,
            RequestQueue = OwnRequestQueue,
            Port = _swarm.ListenPort is > 0 and int port ? port : null,
            YourIP = EndPoint.Address,
            IsUploadOnly = _swarm.Picker.Missing == 0,
        }.ToBytes());
    }

    /// <summary>Queues an extension message; <see cref="Flush"/> sends it.</summary>
    /// <param name="name">Its kind; nothing is sent when the peer does not take it.</param>
    /// <param name="payload">What follows the extension id.</param>
    /// <param name="more">What follows that.</param>
    public void QueueExtended(string name, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> more = default)
    {
        if (_extensions.PeerId(name) is > 0 and byte id)
            AppendExtended(id, payload, more);
    }

    private void AppendExtended(byte extendedId, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> more = default)
    {
        PeerMessage.WriteExtendedHeader(Append(6), extendedId, payload.Length + more.Length);
        payload.CopyTo(Append(payload.Length));
        more.CopyTo(Append(more.Length));
    }

    private void HandleExtended(byte extendedId, ReadOnlySpan<byte> payload)
    {
        try
        {
            if (extendedId == ExtensionHandshake.ExtendedId)
                HandleExtensionHandshake(payload);
            else
                _extensions.Find(extendedId)?.Receive(payload); // ids that we gave to nobody are skipped
        }
        catch (BencodeException e)
        {
            Violate(extendedId == ExtensionHandshake.ExtendedId ? "an extension handshake that cannot be read: {0}" : "an extension message that cannot be read: {0}", e.Message);
        }
    }

    private void HandleExtensionHandshake(ReadOnlySpan<byte> payload)
    {
        if (payload.Length > ExtensionHandshake.MaxLength)
        {
            Violate("an extension handshake of {0} bytes", payload.Length);
            return;
        }

        ExtensionHandshake handshake = ExtensionHandshake.Read(payload);
        _extensions.Update(handshake);
        Client = handshake.Client ?? Client;
        if (handshake.RequestQueue is { } queue)
            State.Window.SetPeerLimit(queue);
        _swarm.ExtensionsReceived(this, handshake);
    }

    /// <summary>Ends the connection because the peer sends more than anybody needs.</summary>
    public void CloseFlooded(string what, int count) => Violate("a flood of " + what + ": {0}", count);
}
