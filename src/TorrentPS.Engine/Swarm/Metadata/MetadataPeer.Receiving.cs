using System.Buffers;
using System.Buffers.Binary;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <content>What comes of the peer, by messages.</content>
internal sealed partial class MetadataPeer
{
    private async Task ReceiveAsync()
    {
        while (!_isClosed && !_leaving.IsCancellationRequested)
        {
            // A receive that is broken off has taken no byte. Waiting with an empty buffer would not do: it may end before there is anything to read.
            int received = await _stream.ReceiveAsync(_buffer.AsMemory(_used), _leaving.Token);
            if (received == 0 || _isClosed)
            {
                _isEnded = true;
                return;
            }

            _lastReceivedAt = _swarm.Now;
            _used += received;
            ReadMessages();
            if (!_isClosed)
                _swarm.Received(this);
        }
    }

    /// <summary>Handles the whole messages that have come, and makes room for the rest of the next.</summary>
    private void ReadMessages()
    {
        int position = Math.Min(_skipping, _used);
        _skipping -= position;
        int needed = 0;
        while (!_isClosed && _used - position >= PeerMessage.PrefixLength)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(position));
            if (length > PeerMessage.MaxLength)
            {
                Violate($"a message of {length} bytes");
                return;
            }

            int whole = PeerMessage.PrefixLength + (int)length, there = _used - position;
            bool isRead = length == 0 || there == PeerMessage.PrefixLength || IsRead((MessageId)_buffer[position + PeerMessage.PrefixLength], (int)length);
            if (there < whole && isRead)
            {
                needed = whole;
                break;
            }

            if (!_isClosed)
                Take(isRead ? _buffer.AsSpan(position, whole) : [], (int)length);
            _skipping = Math.Max(0, whole - there);
            position += whole - _skipping;
        }

        if (!_isClosed)
            MakeRoom(position, needed);
    }

    /// <summary>Whether messages of the kind are read; one that is too long is a violation.</summary>
    private bool IsRead(MessageId id, int length)
    {
        int longest = PeerMessage.LongestOf(id, MetainfoLimits.Pieces);
        if (longest > 0 && length > longest)
            Violate($"a message {id} of {length} bytes");
        return longest > 0;
    }

    /// <summary>The way of every message that comes: it is charged, and may earn that back.</summary>
    /// <param name="message">All of it; nothing of one that passes through unread.</param>
    /// <param name="length">Its length.</param>
    private void Take(ReadOnlySpan<byte> message, int length)
    {
        _budget.Charge(length, _swarm.Now);
        if (length > 0 && !message.IsEmpty)
            Handle(message);
        if (_budget.IsOverdrawn)
            Violate("a flood of messages that move no data");
    }

    private void EarnBack() => _budget.Earn(MessageBudget.Idle);

    /// <summary>Keeps what has come of the next message. The buffer grows by what has come, so that nobody has memory for a length alone.</summary>
    private void MakeRoom(int position, int needed)
    {
        int rest = _used - position;
        int wanted = _buffer.Length;
        if (rest == _buffer.Length)
            wanted = Math.Min(needed, 2 * rest);
        else if (rest == 0 && _buffer.Length > UsualBuffer)
            wanted = FirstBuffer;
        byte[] next = wanted != _buffer.Length ? ArrayPool<byte>.Shared.Rent(wanted) : _buffer;
        _buffer.AsSpan(position, rest).CopyTo(next);
        _used = rest;
        if (next == _buffer)
            return;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = next;
    }

    /// <summary>The beginning of a message that takes up what is still to come of one that is not read: whoever reads on skips it.</summary>
    private byte[] RestOfSkipped()
    {
        if (_skipping == 0)
            return [];
        byte[] header = new byte[PeerMessage.PrefixLength + 1];
        PeerMessage.WriteHeader(header, (MessageId)UnknownId, _skipping);
        return header;
    }
}
