using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>What a connection is for: how its messages are understood, and what is sent beside the answers to them. Everything is called on the torrent's loop.</summary>
internal abstract class PeerHandler : IRosterPeer
{
    private readonly PeerConnection _connection;

    /// <param name="connection">The connection, which it has from now on.</param>
    /// <param name="host">The torrent.</param>
    protected PeerHandler(PeerConnection connection, IPeerHost host)
    {
        _connection = connection;
        ConnectedAt = host.Now;
        Hashes = new HashInbox(this);
        connection.Serve(this, host);
    }

    public PeerConnection Connection => _connection;

    public Handshake Handshake => _connection.Handshake;

    /// <inheritdoc cref="PeerConnection.IsV2"/>
    public bool IsV2 => _connection.IsV2;

    public IPEndPoint EndPoint => _connection.EndPoint;

    public bool IsOutgoing => _connection.IsOutgoing;

    public double ConnectedAt { get; }

    /// <inheritdoc/>
    public PeerTeller? Teller { get; set; }

    public bool IsClosed => _connection.IsClosed;

    /// <inheritdoc cref="PeerConnection.IsHeldBack"/>
    public bool IsHeldBack => _connection.IsHeldBack;

    /// <inheritdoc cref="PeerExtensions.Client"/>
    public string Client => _connection.Extensions.Client;

    /// <summary>The kinds of extension messages that are taken.</summary>
    public abstract IReadOnlyList<IPeerExtension> Extensions { get; }

    /// <summary>The pieces of the torrent; as many as there can be where that is not known.</summary>
    public abstract int PieceCount { get; }

    /// <summary>The hashes that the peer is asked for.</summary>
    public HashInbox Hashes { get; }

    /// <summary>The longest buffer that the peer's bytes are received into.</summary>
    public abstract int ReceiveBufferLength { get; }

    /// <summary>Whether much is about to come, for which a large buffer is kept.</summary>
    public virtual bool ExpectsData => false;

    /// <summary>What received bytes pass; null when they are not limited.</summary>
    public virtual RateLimiter? DownloadLimiter => null;

    /// <summary>Whether there is something to send that is made only when the connection is ready for it.</summary>
    public virtual bool HasMore => false;

    /// <summary>Begins: queues what is said first.</summary>
    public abstract void Open();

    /// <summary>Takes a message; not those of extensions.</summary>
    public abstract void Handle(MessageId id, ReadOnlySpan<byte> payload);

    /// <summary>The peer told its extensions.</summary>
    /// <param name="handshake">What it told.</param>
    /// <param name="payload">The message.</param>
    public abstract void ExtensionsReceived(ExtensionHandshake handshake, ReadOnlySpan<byte> payload);

    /// <summary>The peer sent hashes that it was asked for.</summary>
    public abstract void HashesReceived(int file, HashRange range, ReadOnlySpan<byte> hashes);

    /// <summary>The peer does not send hashes that it was asked for.</summary>
    public abstract void HashesRejected(int file, HashRange range);

    /// <summary>What the peer has sent so far is read.</summary>
    public abstract void Received();

    /// <summary>Sends some of what is made only now, or queues it; false when there is nothing, or it must wait.</summary>
    public virtual ValueTask<bool> SendMoreAsync() => new(false);

    /// <summary>All that could be sent is.</summary>
    public virtual void Sent()
    {
    }

    /// <summary>The connection has ended.</summary>
    public abstract void Closed(PeerClose reason);

    /// <summary>Serves the peer until the connection ends, or is given away.</summary>
    public Task RunAsync() => _connection.RunAsync();

    /// <summary>Sends what is queued.</summary>
    public void Flush() => _connection.Output.Flush();

    /// <inheritdoc cref="PeerConnection.Tick"/>
    public void Tick(double now) => _connection.Tick(now);

    /// <inheritdoc cref="PeerExtensions.Takes"/>
    public bool Takes(string extension) => _connection.Extensions.Takes(extension);

    /// <inheritdoc cref="PeerExtensions.Queue"/>
    public void QueueExtended(string name, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> more = default) => _connection.Extensions.Queue(name, payload, more);

    /// <summary>Ends the connection because the peer sends more than is needed.</summary>
    public void CloseFlooded(string what, int count) => _connection.Violate("a flood of " + what + ": {0}", count);

    /// <inheritdoc/>
    public void Fault(Exception fault)
    {
        if (_connection.Handler == this)
            _connection.Fault(fault);
    }

    /// <inheritdoc/>
    public void Close(PeerClose reason)
    {
        if (_connection.Handler == this)
            _connection.Close(reason);
    }
}
