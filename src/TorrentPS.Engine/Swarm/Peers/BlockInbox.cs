using System.Buffers.Binary;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The blocks requested from a peer, and its answers.</summary>
internal sealed class BlockInbox(PeerSession peer, IPeerDownload download)
{
    /// <summary>The number of blocks accepted after they were cancelled or the peer choked us, because they were already on their way.</summary>
    private const int Unexpected = 64;

    /// <summary>The maximum of these, however often the peer chokes us.</summary>
    private const int MostForgiven = 4096;

    private readonly PeerConnection _connection = peer.Connection;
    private readonly ConnectedPeerState _state = peer.State;
    /// <summary>The time limit of an answer to a request that was in transit when the peer choked us, in seconds.</summary>
    private const double CrossedSeconds = 5;

    private int _forgiven = Unexpected;
    private readonly List<(int Piece, int Block)> _crossed = [];
    private double _crossedUntil;

    /// <summary>Queues a request.</summary>
    public void Request(Outstanding item)
    {
        _state.Outstanding.Add(item);
        PeerMessage.WriteBlock(_connection.Output.Append(PeerMessage.RequestLength), MessageId.Request, item.Piece.Request(item.Block));
    }

    /// <summary>Cancels a request.</summary>
    public void Cancel(OpenPiece piece, int block)
    {
        int index = _state.Outstanding.IndexOf(piece.Index, block);
        if (index < 0)
            return;
        _state.Outstanding.RemoveAt(index);
        _forgiven++;
        PeerMessage.WriteBlock(_connection.Output.Append(PeerMessage.RequestLength), MessageId.Cancel, piece.Request(block));
        _connection.Output.Flush();
    }

    /// <summary>Handles a block.</summary>
    /// <param name="payload">Piece and begin, and the data.</param>
    public void Receive(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < 8)
        {
            _connection.Violate("a message {0} of a wrong length", MessageId.Piece);
            return;
        }

        uint piece = BinaryPrimitives.ReadUInt32BigEndian(payload), begin = BinaryPrimitives.ReadUInt32BigEndian(payload[4..]);
        ReadOnlySpan<byte> data = payload[8..];
        double now = _connection.Now;
        _state.DownloadRate.Add(data.Length, now);
        int index = begin % BlockRequest.BlockLength == 0 && piece <= int.MaxValue
            ? _state.Outstanding.IndexOf((int)piece, (int)(begin / BlockRequest.BlockLength))
            : -1;
        if (index < 0)
        {
            download.Wasted(peer, data.Length);
            if (--_forgiven < 0)
                _connection.Violate("unrequested blocks", piece);
            return;
        }

        Outstanding item = _state.Outstanding[index];
        if (data.Length != item.Piece.LengthOf(item.Block))
        {
            _connection.Violate("a block of {0} bytes where another length was asked for", data.Length);
            return;
        }

        _state.Outstanding.RemoveAt(index);
        _connection.EarnBack();
        _state.LastBlockAt = now;
        if (item.Piece.IsClosed && download.TryFind(item, out Outstanding again))
            item = again;
        if (item.Piece.IsClosed || item.Piece.IsReceived(item.Block))
        {
            download.Wasted(peer, data.Length);
            return;
        }

        data.CopyTo(item.Piece.Place(item.Block, download.Pool));
        download.BlockReceived(peer, item);
    }

    /// <summary>Handles a rejected request (BEP 6).</summary>
    public void Reject(BlockRequest block)
    {
        int index = block.Begin % BlockRequest.BlockLength == 0 ? _state.Outstanding.IndexOf(block.Piece, block.Begin / BlockRequest.BlockLength) : -1;
        if (index < 0)
        {
            if (--_forgiven < 0)
                _connection.Violate("rejects of unrequested blocks", block);
            return;
        }

        Outstanding item = _state.Outstanding[index];
        _state.Outstanding.RemoveAt(index);
        download.Rejected(peer, item);
    }

    /// <summary>Handles a choke or an unchoke.</summary>
    public void Choked(bool isChoking)
    {
        if (!peer.IsFast)
            _forgiven = isChoking ? Math.Min(_forgiven + _state.Outstanding.Count, MostForgiven) : _forgiven; // blocks on their way still arrive
        else if (!isChoking)
            Expect();
    }

    /// <summary>
    /// The peer has sent or refused each request received before its choke (BEP 6). Requests still outstanding crossed the choke, and are answered soon.
    /// </summary>
    private void Expect()
    {
        PiecePicker.Reclaim(_state);
        _crossed.Clear();
        for (int i = 0; i < _state.Outstanding.Count; i++)
            _crossed.Add((_state.Outstanding[i].Piece.Index, _state.Outstanding[i].Block));
        _crossedUntil = _connection.Now + CrossedSeconds;
    }

    /// <summary>Periodic work: a request that crossed a choke and was not answered in time counts as refused.</summary>
    public void Tick(double now)
    {
        if (_crossed.Count == 0 || now < _crossedUntil)
            return;
        foreach ((int piece, int block) in _crossed)
        {
            int index = _state.Outstanding.IndexOf(piece, block);
            if (index < 0)
                continue;
            Outstanding item = _state.Outstanding[index];
            _state.Outstanding.RemoveAt(index);
            _forgiven++;
            download.Rejected(peer, item);
        }

        _crossed.Clear();
    }

    /// <summary>Forgets requests from before a choke that were neither answered nor rejected; the blocks may still arrive.</summary>
    public void ForgetReleased()
    {
        for (int i = _state.Outstanding.Count - 1; i >= 0; i--)
        {
            if (!_state.Outstanding[i].IsReleased)
                continue;
            _state.Outstanding.RemoveAt(i);
            _forgiven++;
        }
    }
}
