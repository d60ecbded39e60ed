using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The purpose of a connection: handles its messages, and decides what to send. All members are called on the torrent's loop.</summary>
internal abstract class PeerHandler : IRosterPeer
{
    private readonly PeerConnection _connection;

    /// <param name="connection">The connection, which this handler then owns.</param>
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

    /// <summary>The supported extension messages.</summary>
    public abstract IReadOnlyList<IPeerExtension> Extensions { get; }

    /// <summary>The number of pieces in the torrent; the maximum if unknown.</summary>
    public abstract int PieceCount { get; }

    /// <summary>The hashes requested from the peer.</summary>
    public HashInbox Hashes { get; }

    /// <summary>The maximum length of the receive buffer.</summary>
    public abstract int ReceiveBufferLength { get; }

    /// <summary>Whether much data is about to arrive, so that a large buffer is kept.</summary>
    public virtual bool ExpectsData => false;

    /// <summary>The limit on received bytes; null for none.</summary>
    public virtual RateLimiter? DownloadLimiter => null;

    /// <summary>Whether there is output that is created only when the connection is ready for it.</summary>
    public virtual bool HasMore => false;

    /// <summary>Starts: queues the first messages.</summary>
    public abstract void Open();

    /// <summary>Handles a message, except extension messages.</summary>
    public abstract void Handle(MessageId id, ReadOnlySpan<byte> payload);

    /// <summary>The peer sent an extension handshake.</summary>
    /// <param name="handshake">The handshake.</param>
    /// <param name="payload">Its bytes.</param>
    public abstract void ExtensionsReceived(ExtensionHandshake handshake, ReadOnlySpan<byte> payload);

    /// <summary>The peer sent requested hashes.</summary>
    public abstract void HashesReceived(int file, HashRange range, ReadOnlySpan<byte> hashes);

    /// <summary>The peer rejected requested hashes.</summary>
    public abstract void HashesRejected(int file, HashRange range);

    /// <summary>All bytes received so far are processed.</summary>
    public abstract void Received();

    /// <summary>Sends or queues some of the output created on demand; false if there is none, or it must wait.</summary>
    public virtual ValueTask<bool> SendMoreAsync() => new(false);

    /// <summary>Everything that could be sent has been sent.</summary>
    public virtual void Sent()
    {
    }

    /// <summary>The connection has ended.</summary>
    public abstract void Closed(PeerClose reason);

    /// <summary>Serves the peer until the connection ends or is passed on.</summary>
    public Task RunAsync() => _connection.RunAsync();

    /// <summary>Sends queued messages.</summary>
    public void Flush() => _connection.Output.Flush();

    /// <inheritdoc cref="PeerConnection.Tick"/>
    public void Tick(double now) => _connection.Tick(now);

    /// <inheritdoc cref="PeerExtensions.Takes"/>
    public bool Takes(string extension) => _connection.Extensions.Takes(extension);

    /// <inheritdoc cref="PeerExtensions.Queue"/>
    public void QueueExtended(string name, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> more = default) => _connection.Extensions.Queue(name, payload, more);

    /// <summary>Closes the connection because the peer sends too much.</summary>
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
