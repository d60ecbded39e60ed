using System.Buffers.Binary;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>A peer that records received messages and answers requests.</summary>
internal sealed class AnsweringPeer
{
    private readonly Sample _sample;
    private readonly MemoryPeerStream _stream;
    private readonly List<byte> _arrived = [];
    private readonly List<byte[]> _messages = [];

    public AnsweringPeer(PhasedSwarm swarm, Sample sample, int number, byte[] opening)
    {
        _sample = sample;
        (_stream, _) = swarm.Come(PhasedSwarm.Address(number), PhasedSwarm.Id(number));
        PhasedSwarm.Until(() => _stream.Waiting >= Handshake.Length);
        _arrived.AddRange(_stream.TakeArrived());
        _arrived.RemoveRange(0, Handshake.Length);
        Send(opening);
    }

    public int Requests { get; private set; }

    /// <summary>Whether the connection has ended.</summary>
    public bool IsOver => _stream.IsOver;

    public void Send(byte[] bytes) => _stream.Send(bytes);

    public bool Has(byte[] message) => Count(message) > 0;

    public int Count(byte[] message)
    {
        Read();
        return _messages.Count(one => one.AsSpan().SequenceEqual(message));
    }

    /// <summary>Answers the received requests.</summary>
    public bool Serve()
    {
        Read();
        foreach (byte[] request in _messages.Where(message => message[4] == (byte)MessageId.Request))
        {
            Requests++;
            int piece = BinaryPrimitives.ReadInt32BigEndian(request.AsSpan(5)), begin = BinaryPrimitives.ReadInt32BigEndian(request.AsSpan(9));
            Send(Message(MessageId.Piece, [.. request[5..13], .. _sample.Piece(piece).Slice(begin, BinaryPrimitives.ReadInt32BigEndian(request.AsSpan(13))).ToArray()]));
        }

        _messages.RemoveAll(message => message[4] == (byte)MessageId.Request);
        return true;
    }

    private void Read()
    {
        _arrived.AddRange(_stream.TakeArrived());
        while (_arrived.Count >= 4 && BinaryPrimitives.ReadInt32BigEndian([.. _arrived[..4]]) is var length && _arrived.Count >= 4 + length)
        {
            if (length > 0)
                _messages.Add([.. _arrived[..(4 + length)]]);
            _arrived.RemoveRange(0, 4 + length);
        }
    }

    public static byte[] Index(int piece)
    {
        byte[] index = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(index, piece);
        return index;
    }

    public static byte[] Message(MessageId id, params ReadOnlySpan<byte> payload)
    {
        byte[] bytes = new byte[5 + payload.Length];
        PeerMessage.WriteHeader(bytes, id, payload.Length);
        payload.CopyTo(bytes.AsSpan(5));
        return bytes;
    }
}
