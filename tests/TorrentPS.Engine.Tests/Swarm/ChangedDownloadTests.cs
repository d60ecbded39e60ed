using System.Buffers.Binary;
using System.Collections.Concurrent;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Data that another program changes while a download still runs.</summary>
public sealed class ChangedDownloadTests
{
    private const int PieceLength = 16384;
    private const int Last = 7;

    private static readonly Sample s_sample = Sample.Make(PieceLength, 7, ("a", 8 * PieceLength));

    [Fact]
    public async Task A_piece_that_is_changed_is_fetched_again()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The time of an open file is not known there.");
        ConcurrentQueue<string> told = new();
        await using PhasedSwarm swarm = new(SwarmPhase.Downloading, s_sample, change: options => options with { OnWarning = told.Enqueue });
        Peer seed = new(swarm, 1, [.. Message(MessageId.Bitfield, 0xFE), .. Message(MessageId.Unchoke)]);
        Peer other = new(swarm, 2, [.. Message(MessageId.Extended, [0, .. "d1:md11:lt_donthavei9eee"u8]), .. Message(MessageId.HaveNone)]);
        PassUntil(swarm, () => seed.Serve() && Enumerable.Range(0, Last).All(piece => other.Has(Message(MessageId.Have, Index(piece)))));
        OtherProgram.Overwrite(swarm.Folder["a"], 20, keepsTime: false);
        PassUntil(swarm, () => seed.Serve() && other.Has(Message(MessageId.Extended, [9, .. Index(0)])) && other.Count(Message(MessageId.Have, Index(0))) == 2);
        Assert.StartsWith($"'{swarm.Folder["a"]}' was changed by another program", Assert.Single(told));
        Assert.Equal(Last + 1, seed.Requests);
        seed.Send(Message(MessageId.Have, Index(Last)));
        PassUntil(swarm, () => seed.Serve() && swarm.Run.IsCompleted);
        TorrentDownload result = await swarm.Result!;
        Assert.Equal((TorrentState.Completed, null), (result.State, result.Error));
        Assert.Equal(s_sample.Content, SharedFile.ReadAllBytes(swarm.Folder["a"]));
    }

    private static void PassUntil(PhasedSwarm swarm, Func<bool> condition) => PhasedSwarm.Until(() =>
    {
        if (condition())
            return true;
        swarm.Time.Advance(TimeSpan.FromSeconds(0.2));
        return false;
    });

    private static byte[] Index(int piece)
    {
        byte[] index = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(index, piece);
        return index;
    }

    private static byte[] Message(MessageId id, params ReadOnlySpan<byte> payload)
    {
        byte[] bytes = new byte[5 + payload.Length];
        PeerMessage.WriteHeader(bytes, id, payload.Length);
        payload.CopyTo(bytes.AsSpan(5));
        return bytes;
    }

    /// <summary>A peer that keeps the messages that it gets, and answers requests.</summary>
    private sealed class Peer
    {
        private readonly MemoryPeerStream _stream;
        private readonly List<byte> _arrived = [];
        private readonly List<byte[]> _messages = [];

        public Peer(PhasedSwarm swarm, int number, byte[] opening)
        {
            (_stream, _) = swarm.Come(PhasedSwarm.Address(number), PhasedSwarm.Id(number));
            PhasedSwarm.Until(() => _stream.Waiting >= Handshake.Length);
            _arrived.AddRange(_stream.TakeArrived());
            _arrived.RemoveRange(0, Handshake.Length);
            Send(opening);
        }

        public int Requests { get; private set; }

        public void Send(byte[] bytes) => _stream.Send(bytes);

        public bool Has(byte[] message) => Count(message) > 0;

        public int Count(byte[] message)
        {
            Read();
            return _messages.Count(one => one.AsSpan().SequenceEqual(message));
        }

        /// <summary>Answers what was asked for.</summary>
        public bool Serve()
        {
            Read();
            foreach (byte[] request in _messages.Where(message => message[4] == (byte)MessageId.Request))
            {
                Requests++;
                int piece = BinaryPrimitives.ReadInt32BigEndian(request.AsSpan(5)), begin = BinaryPrimitives.ReadInt32BigEndian(request.AsSpan(9));
                Send(Message(MessageId.Piece, [.. request[5..13], .. s_sample.Piece(piece)[begin..].ToArray()]));
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
    }
}
