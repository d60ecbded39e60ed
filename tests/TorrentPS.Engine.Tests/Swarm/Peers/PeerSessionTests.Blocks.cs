using System.Buffers.Binary;
using FsCheck.Xunit;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Peers;

/// <content>Received blocks.</content>
public sealed partial class PeerSessionTests
{
    [Fact]
    public void A_block_lands_in_its_place()
    {
        Start();
        BecomeSeedAndUnchoke();
        Sent();
        List<Outstanding> asked = Ask(3);
        Assert.Equal([(0, 0), (0, 16384), (1, 0)], Sent().Select(message => (BinaryPrimitives.ReadInt32BigEndian(message.Payload), BinaryPrimitives.ReadInt32BigEndian(message.Payload.AsSpan(4)))));
        _swarm.Now = 5;
        Send([.. Piece(0, 0, 16384), .. Piece(1, 0, 16384), .. Piece(0, 16384, 16384)]);
        Assert.Equal([asked[0], asked[2], asked[1]], _swarm.Blocks);
        Assert.Equal(s_sample.Piece(0).ToArray(), asked[0].Piece.TakeFullSegment()![..PieceLength]);
        Assert.Equal((0, 5.0, 0L), (_session.State.Outstanding.Count, _session.State.LastBlockAt, _swarm.WastedBytes));
        Assert.Equal(3 * 16384, _session.State.DownloadRate.Total);
    }

    [Theory]
    [InlineData(0, 0, 16383)]
    [InlineData(0, 0, 0)]
    [InlineData(9, 16384, 16384)] // the last block is shorter
    public void A_block_of_another_length_is_a_violation(int piece, int begin, int length)
    {
        Start();
        BecomeSeedAndUnchoke();
        Ask(20);
        Send([.. PieceHeader((uint)piece, (uint)begin, length), .. new byte[length]]);
        AssertViolated("length");
    }

    [Fact]
    public void Unrequested_blocks_are_tolerated_for_a_while()
    {
        Start();
        BecomeSeedAndUnchoke();
        for (int i = 0; i < 64; i++)
            Send(Piece(5, 0, 16384));
        AssertOpen();
        Assert.Equal(64 * 16384, _swarm.WastedBytes);
        Assert.Empty(_swarm.Blocks);
        Send(Piece(5, 0, 16384));
        AssertViolated("unrequested blocks");
    }

    [Theory]
    [InlineData(0u, 1u)]
    [InlineData(uint.MaxValue, 0u)]
    [InlineData(0u, 0xFFFFC000u)]
    public void An_unrequested_block_of_an_unknown_piece_is_wasted(uint piece, uint begin)
    {
        Start();
        BecomeSeedAndUnchoke();
        Ask(1);
        Send([.. PieceHeader(piece, begin, 16384), .. new byte[16384]]);
        AssertOpen();
        Assert.Equal(16384, _swarm.WastedBytes);
        Assert.Equal(1, _session.State.Outstanding.Count);
    }

    [Fact]
    public void Blocks_in_flight_when_it_choked_are_no_violation()
    {
        Start(extensions: false);
        BecomeSeedAndUnchoke();
        for (int round = 0; round < 10; round++)
        {
            List<Outstanding> asked = Ask(16);
            Send(Message(MessageId.Choke));
            Assert.Equal("choked", _swarm.Events[^1]);
            _loop.Run(() =>
            {
                foreach (Outstanding item in asked)
                    _swarm.Picker.Release(_session.State, item);
                _session.State.Outstanding.Clear();
            });
            foreach (Outstanding item in asked)
                Send(Piece(item.Piece.Index, item.Block * 16384, item.Piece.LengthOf(item.Block)));
            Send(Message(MessageId.Unchoke));
        }

        AssertOpen();
    }

    [Fact]
    public void A_cancelled_block_may_still_arrive()
    {
        Start();
        BecomeSeedAndUnchoke();
        for (int round = 0; round < 100; round++)
        {
            Outstanding item = Ask(1)[0];
            Sent();
            _loop.Run(() => _session.SendCancel(item.Piece, item.Block));
            (MessageId id, byte[] payload) = Assert.Single(Sent());
            Assert.Equal(MessageId.Cancel, id);
            Assert.True(PeerMessage.TryReadBlock(payload, out BlockRequest block) && block == item.Piece.Request(item.Block));
            _loop.Run(() => _swarm.Picker.Release(_session.State, item));
            Send(Piece(item.Piece.Index, item.Block * 16384, 16384));
        }

        AssertOpen();
        Assert.Equal(0, _session.State.Outstanding.Count);
    }

    [Fact]
    public void A_block_that_another_peer_has_sent_meanwhile_is_wasted()
    {
        Start();
        BecomeSeedAndUnchoke();
        Outstanding item = Ask(1)[0];
        _loop.Run(() =>
        {
            PeerState other = SwarmData.Seed(10);
            item.Piece.AddRequester(0, other);
            item.Piece.Receive(0, other);
        });
        Send(Piece(0, 0, 16384));
        Assert.Equal(16384, _swarm.WastedBytes);
        Assert.Empty(_swarm.Blocks);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(16383)]
    public void Messages_may_be_split_anywhere(int readLimit)
    {
        Start(readLimit: readLimit);
        BecomeSeedAndUnchoke();
        Ask(4);
        Send([.. Piece(0, 0, 16384), 0, 0, 0, 0, .. Message((MessageId)99, 1, 2), .. Piece(0, 16384, 16384), .. Piece(1, 0, 16384), .. Message(MessageId.Interested), .. Piece(1, 16384, 16384)]);
        Assert.Equal(4, _swarm.Blocks.Count);
        Assert.Equal(s_sample.Piece(0).ToArray(), _swarm.Blocks[0].Piece.TakeFullSegment()![..PieceLength]);
        Assert.Equal(s_sample.Piece(1).ToArray(), _swarm.Blocks[3].Piece.TakeFullSegment()![..PieceLength]);
        Assert.Equal("interested", _swarm.Events[^1]);
        AssertOpen();
    }

    [Property(MaxTest = 60)]
    public void Hostile_bytes_end_the_session_or_do_nothing(byte[] bytes, byte id)
    {
        using PeerSessionTests test = new();
        test.Start(isSeed: true);
        test._loop.Run(() => test._session.SendChoke(false));
        test.Send([.. Message((MessageId)(id % 24), bytes), .. bytes]);
        Assert.Null(test._swarm.Fault);
        Assert.True(test._swarm.Reason is null or PeerClose.Violation);
    }
}
