using TorrentPS.Engine.Transport.Utp;

namespace TorrentPS.Engine.Tests.Transport.Utp;

/// <summary>The rules of a connection, and the effects of hostile packets.</summary>
public sealed class UtpConnectionTests
{
    private const int Payload = 100;

    private static byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private static (SimulatedLink Link, SimulatedEnd First, SimulatedEnd Second) Connected(SimulatedLink? link = null, int mtu = 1472)
    {
        link ??= new SimulatedLink { Delay = 10_000 };
        (SimulatedEnd first, SimulatedEnd second) = link.Pair(mtu);
        first.Send(Bytes(1)); // its first packet confirms the first end to the second
        Assert.True(link.Run(() => first.IsConnected && second.IsConnected && first.Connection.Flight == 0, 10));
        return (link, first, second);
    }

    [Fact]
    public void Ids_and_numbers_are_those_of_BEP_29()
    {
        (_, SimulatedEnd first, SimulatedEnd second) = Connected();

        UtpHeader syn = first.Sent[0], answer = second.Sent[0], data = first.Sent[1];
        Assert.Equal(UtpPacketType.Syn, syn.Type);
        Assert.Equal(first.Connection.ReceiveId, syn.ConnectionId);
        Assert.Equal(UtpPacketType.State, answer.Type);
        Assert.Equal(syn.ConnectionId, answer.ConnectionId);
        Assert.Equal(syn.SequenceNumber, answer.AckNumber);
        Assert.Equal(UtpPacketType.Data, data.Type);
        Assert.Equal((ushort)(syn.ConnectionId + 1), data.ConnectionId);
        Assert.Equal((ushort)(syn.SequenceNumber + 1), data.SequenceNumber);
        Assert.Equal((ushort)(answer.SequenceNumber - 1), data.AckNumber);
        Assert.NotEqual(0u, data.TimestampDifference);
    }

    [Fact]
    public void A_lost_SYN_and_a_lost_answer_are_sent_again()
    {
        int dropped = 0;
        SimulatedLink link = new() { Filter = (header, _) => !(header.Type is UtpPacketType.Syn or UtpPacketType.State && dropped++ < 2) };

        (SimulatedEnd first, _) = link.Pair();

        Assert.True(link.Run(() => first.IsConnected, 10));
        Assert.Equal(3, first.Sent.Count(header => header.Type == UtpPacketType.Syn));
    }

    [Fact]
    public void A_peer_that_never_answers_is_not_asked_for_long()
    {
        SimulatedLink link = new() { Loss = 1 };
        (SimulatedEnd first, _) = link.Pair();

        link.Run(() => first.Connection.State == UtpState.Closed, 60);

        Assert.Equal(UtpFailure.TimedOut, first.Connection.Failure);
        Assert.Equal(3, link.PacketsSent);
    }

    [Fact]
    public void A_forged_address_gets_twenty_bytes_and_no_more()
    {
        SimulatedLink link = new() { Filter = (_, _) => false };
        (SimulatedEnd first, SimulatedEnd second) = link.Pair();
        UtpHeader syn = first.Sent[0];
        second.Take(Packet(syn));
        second.Send(Bytes(10_000)); // it has data to send
        ushort number = second.Sent[0].SequenceNumber;

        for (int guess = 1; guess < 500; guess++)
            second.Take(Packet(new UtpHeader(UtpPacketType.Data, second.Connection.ReceiveId, 0, 0, 1 << 20, (ushort)(syn.SequenceNumber + 1), (ushort)(number - 1 + guess)), Payload));
        second.Take(Packet(syn)); // again, since our answer may have been lost
        link.Run(20);

        Assert.Equal(2, second.Sent.Count);
        Assert.All(second.Sent, header => Assert.Equal(UtpPacketType.State, header.Type));
        Assert.Equal(0, second.Received.Length);
        Assert.Equal(UtpState.Closed, second.Connection.State);
    }

    [Fact]
    public void A_peer_that_never_acknowledged_data_gets_it_three_times_at_most()
    {
        (SimulatedLink link, SimulatedEnd first, SimulatedEnd second) = Connected();
        link.Filter = (header, _) => header.ConnectionId != second.Connection.ReceiveId; // all packets of the first are lost
        second.Send(Bytes(Payload));

        link.Run(() => second.Connection.State == UtpState.Closed, 60);

        Assert.InRange(second.Sent.Count(header => header.Type == UtpPacketType.Data), 1, 4);
        Assert.Equal(UtpFailure.TimedOut, second.Connection.Failure);
    }

    [Fact]
    public void One_lost_packet_is_sent_again_without_waiting_for_a_timeout()
    {
        (SimulatedLink link, SimulatedEnd first, SimulatedEnd second) = Connected();
        ushort lost = (ushort)(first.Sent[^1].SequenceNumber + 12);
        int dropped = 0;
        link.Filter = (header, _) => !(header.Type == UtpPacketType.Data && header.SequenceNumber == lost && header.ConnectionId == second.Connection.ReceiveId && dropped++ == 0);
        long began = link.Now;

        first.Send(Bytes(100_000));
        Assert.True(link.Run(() => second.Received.Length == 100_001, 10));

        Assert.Equal(2, dropped);
        Assert.InRange(link.Now - began, 0, 300_000); // a timeout alone would be half a second
    }

    [Fact]
    public void The_last_packet_is_probed_for_before_the_timeout()
    {
        (SimulatedLink link, SimulatedEnd first, SimulatedEnd second) = Connected();
        int dropped = 0;
        link.Filter = (header, _) => !(header.Type == UtpPacketType.Data && dropped++ == 0);
        long began = link.Now;

        first.Send(Bytes(Payload));
        Assert.True(link.Run(() => second.Received.Length == 1 + Payload, 10));

        Assert.InRange(link.Now - began, 0, 200_000);
    }

    [Fact]
    public void Three_equal_acknowledgements_are_enough_without_selective_ones()
    {
        (SimulatedLink link, SimulatedEnd first, SimulatedEnd second) = Connected();
        link.Filter = (_, _) => false;
        int before = first.Sent.Count;
        first.Send(Bytes(4_000));
        int sent = first.Sent.Count;
        UtpHeader ack = new(UtpPacketType.State, first.Connection.ReceiveId, 1, 1, 1 << 20, first.Sent[^1].AckNumber, (ushort)(first.Sent[before].SequenceNumber - 1));
        ack = ack with { SequenceNumber = (ushort)(ack.SequenceNumber + 1) };

        for (int i = 0; i < 3; i++)
            first.Take(Packet(ack));

        Assert.Contains(first.Sent.Skip(sent), header => header.Type == UtpPacketType.Data && header.SequenceNumber == (ushort)(ack.AckNumber + 1));
    }

    [Fact]
    public void A_receiver_that_does_not_read_gets_only_the_window_and_the_rest_later()
    {
        (SimulatedLink link, SimulatedEnd first, SimulatedEnd second) = Connected();
        second.Reads = false;
        first.Send(Bytes(3 << 20));
        link.Run(20);
        Assert.InRange(second.Connection.Readable, UtpReceiver.MaxReceived - 1500, UtpReceiver.MaxReceived);

        long sent = link.BytesSent;
        link.Run(30);
        Assert.InRange(link.BytesSent - sent, 0, 1000); // it is probed from time to time, no more

        second.Reads = true;
        second.Pull();
        Assert.True(link.Run(() => second.Received.Length == (3 << 20) + 1, 30));
    }

    [Fact]
    public void Data_beyond_the_window_is_not_accepted()
    {
        (_, SimulatedEnd first, SimulatedEnd second) = Connected();
        second.Reads = false;
        ushort number = first.Sent.Last(header => header.Type == UtpPacketType.Data).SequenceNumber;
        UtpHeader data = new(UtpPacketType.Data, second.Connection.ReceiveId, 1, 1, 1 << 20, number, (ushort)(second.Sent[^1].SequenceNumber - 1));

        for (int i = 0; i < 1000; i++)
            second.Take(Packet(data with { SequenceNumber = ++number }, 1400));

        Assert.InRange(second.Connection.Readable, UtpReceiver.MaxReceived - 1400, UtpReceiver.MaxReceived);
    }

    [Fact]
    public void Packets_out_of_order_are_kept_within_the_common_memory()
    {
        UtpMemory memory = new(400_000);
        Stranger stranger = new(memory);

        foreach (int ahead in Enumerable.Range(2, 900).Concat([2_000, 30_000, 60_000]))
            stranger.Send(ahead, 1000);

        Assert.Equal(39 * 1024, memory.Taken); // a fifth of the half: a quarter of the remainder
        stranger.Connection.Abort(3);
        Assert.Equal(0, memory.Taken);
    }

    [Fact]
    public void Tiny_packets_out_of_order_count_by_the_memory_they_use()
    {
        UtpMemory memory = new(UtpHost.MaxReceived);
        Stranger stranger = new(memory);

        foreach (int ahead in Enumerable.Range(2, 1000))
            stranger.Send(ahead, 1);

        Assert.Equal(64_000, memory.Taken);
        stranger.Send(1, 1);
        Assert.Equal((1001, 1001), ((int)memory.Taken, stranger.Connection.Readable));
    }

    [Fact]
    public void Packets_out_of_order_on_forty_connections_leave_data_for_others_and_go_when_the_gap_stays()
    {
        SimulatedLink link = new() { Loss = 0.01, Delay = 10_000 };
        Stranger[] strangers = [.. Enumerable.Range(0, 40).Select(_ => new Stranger(link.Memory))];
        foreach (int ahead in Enumerable.Range(2, 745))
        {
            foreach (Stranger stranger in strangers)
                stranger.Send(ahead, 1400);
        }

        (SimulatedEnd first, SimulatedEnd second) = link.Pair();
        first.Send(Bytes(2 << 20));
        Assert.True(link.Run(() => second.Received.Length == 2 << 20, 60));
        long held = link.Memory.Taken;
        foreach (Stranger stranger in strangers)
            stranger.Connection.Tick(6_000_000);

        Assert.InRange(held, 1 << 20, UtpHost.MaxReceived / 2 + 40 * UtpMemory.OwnEarly);
        Assert.InRange(link.Memory.Taken, 0, UtpHost.MaxReceived / 4);
        Assert.Contains(strangers, stranger => stranger.Connection.State == UtpState.Closed);
    }

    [Fact]
    public void Packets_out_of_order_stay_while_memory_is_not_short()
    {
        Stranger stranger = new(new UtpMemory(UtpHost.MaxReceived));
        foreach (int ahead in Enumerable.Range(2, 500))
            stranger.Send(ahead, 1400);

        stranger.Connection.Tick(20_000_000);

        Assert.Equal(UtpState.Connected, stranger.Connection.State);
    }

    [Fact]
    public void Unread_data_of_forty_connections_leaves_each_a_window()
    {
        SimulatedLink link = new() { Loss = 0.01, Delay = 10_000 };
        foreach (Stranger stranger in Enumerable.Range(0, 40).Select(_ => new Stranger(link.Memory)).ToArray())
        {
            for (int ahead = 1; ahead <= 745; ahead++)
                stranger.Send(ahead, 1400);
        }

        (SimulatedEnd first, SimulatedEnd second) = link.Pair();
        first.Send(Bytes(1 << 20));

        Assert.True(link.Run(() => second.Received.Length == 1 << 20, 60));
        Assert.InRange(link.Memory.Taken, 20 << 20, UtpHost.MaxReceived + 40 * (UtpMemory.Own + UtpMemory.OwnEarly));
    }

    [Fact]
    public void A_reader_of_a_full_small_window_updates_it_at_once()
    {
        (SimulatedLink link, SimulatedEnd first, SimulatedEnd second) = Connected(new SimulatedLink { Delay = 10_000, Memory = new UtpMemory(0) });
        second.Reads = false;
        first.Send(Bytes(1 << 20));
        link.Run(5);
        Assert.InRange(second.Connection.Readable, UtpMemory.Own - 1500, UtpMemory.Own);

        second.Reads = true;
        second.Pull();
        long began = link.Now;
        Assert.True(link.Run(() => second.Received.Length == (1 << 20) + 1, 60));

        Assert.InRange(link.Now - began, 0, 5_000_000); // 32 windows, without loss or a second's wait
    }

    [Fact]
    public void An_acknowledgement_of_unsent_packets_is_ignored()
    {
        (SimulatedLink link, SimulatedEnd first, SimulatedEnd second) = Connected();
        link.Filter = (_, _) => false;
        first.Send(Bytes(1000));
        int flight = first.Connection.Flight;
        ushort last = first.Sent[^1].SequenceNumber;

        first.Take(Packet(new UtpHeader(UtpPacketType.State, first.Connection.ReceiveId, 1, 1, 1 << 20, first.Sent[^1].AckNumber, (ushort)(last + 1))));
        first.Take(Packet(new UtpHeader(UtpPacketType.State, first.Connection.ReceiveId, 1, 1, 1 << 20, first.Sent[^1].AckNumber, (ushort)(last + 20_000))));

        Assert.Equal(1000, flight);
        Assert.Equal(flight, first.Connection.Flight);
    }

    [Fact]
    public void Everything_written_arrives_before_the_end_and_both_sides_end()
    {
        (SimulatedLink link, SimulatedEnd first, SimulatedEnd second) = Connected(new SimulatedLink(5) { Loss = 0.05, Delay = 10_000 });
        first.Send(Bytes(200_000));
        first.CloseAfterSending();

        Assert.True(link.Run(() => second.Connection.IsEnded, 30));
        Assert.Equal(200_001, second.Received.Length);
        second.Connection.Close(second.Time);
        link.Run(10);

        Assert.Equal((UtpState.Closed, UtpState.Closed), (first.Connection.State, second.Connection.State));
        Assert.Equal(UtpFailure.None, first.Connection.Failure);
    }

    [Fact]
    public void A_reset_ends_the_connection_and_a_forged_one_does_not()
    {
        (_, SimulatedEnd first, SimulatedEnd second) = Connected();
        UtpHeader reset = new(UtpPacketType.Reset, first.Connection.SendId, 1, 0, 0, 0, (ushort)(first.Sent[^1].SequenceNumber + 20_000));

        first.Take(Packet(reset));
        Assert.Equal(UtpState.Connected, first.Connection.State);
        first.Take(Packet(reset with { AckNumber = first.Sent[^1].SequenceNumber }));

        Assert.Equal((UtpState.Closed, UtpFailure.Reset), (first.Connection.State, first.Connection.Failure));
        Assert.Equal(UtpState.Connected, second.Connection.State);
    }

    [Theory]
    [InlineData(1472)]
    [InlineData(1400)]
    [InlineData(1300)]
    [InlineData(1252)]
    public void The_largest_packet_that_arrives_is_found(int mtu)
    {
        (SimulatedLink link, SimulatedEnd first, SimulatedEnd second) = Connected(new SimulatedLink { Delay = 10_000, Mtu = mtu, Rate = 2_000_000 });

        first.Send(Bytes(10 << 20)); // each size is tried three times, once per round trip
        Assert.True(link.Run(() => second.Received.Length == (10 << 20) + 1, 60));

        Assert.InRange(first.Connection.PacketSize, Math.Max(1252, mtu - 16), mtu);
    }

    [Fact]
    public void A_silent_connection_gets_keep_alives()
    {
        (SimulatedLink link, SimulatedEnd first, _) = Connected();
        int sent = first.Sent.Count;

        link.Run(65);

        Assert.Equal(2, first.Sent.Count - sent); // 29 s each: routers forget after 30 s
    }

    [Fact]
    public void Packets_received_together_are_acknowledged_together()
    {
        (_, SimulatedEnd first, SimulatedEnd second) = Connected();
        ushort number = first.Sent.Last(header => header.Type == UtpPacketType.Data).SequenceNumber;
        int sent = second.Sent.Count;
        UtpHeader data = new(UtpPacketType.Data, second.Connection.ReceiveId, 1, 1, 1 << 20, 0, (ushort)(second.Sent[^1].SequenceNumber - 1));

        for (int i = 0; i < 10; i++)
            second.Connection.Receive(data with { SequenceNumber = ++number }, default, Bytes(Payload), second.Time);
        second.Connection.Flush(second.Time);

        Assert.Equal([number], second.Sent.Skip(sent).Select(header => header.AckNumber));
    }

    /// <summary>A connected peer that sends packets in any order.</summary>
    private sealed class Stranger : IUtpOutput
    {
        private const ushort Id = 500;
        private const ushort Syn = 100;
        private const ushort Number = 7;

        private static readonly byte[] s_bytes = new byte[1400];

        public Stranger(UtpMemory memory)
        {
            Connection = new UtpConnection(this, memory, Id + 1, Id, Number, new MtuSearch(1252, 1252));
            Connection.Accept(new UtpHeader(UtpPacketType.Syn, Id, 1, 0, 1 << 20, Syn, 0), 1);
        }

        public UtpConnection Connection { get; }

        public void Send(int ahead, int length) =>
            Connection.Receive(new UtpHeader(UtpPacketType.Data, Id + 1, 1, 1, 1 << 20, (ushort)(Syn + ahead), Number - 1), default, s_bytes.AsSpan(0, length), 2);

        bool IUtpOutput.Send(ReadOnlySpan<byte> packets, int length, bool isProbe) => true;
    }

    private static byte[] Packet(UtpHeader header, int payload = 0)
    {
        byte[] packet = new byte[UtpHeader.Length + payload];
        header.Write(packet);
        return packet;
    }
}
