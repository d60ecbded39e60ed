namespace TorrentPS.Engine.Tests.Transport.Utp;

/// <summary>Whole transfers over a simulated network: the bytes are right and the rate is as expected.</summary>
public sealed class UtpTransferTests
{
    private static byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Sends bytes and returns the duration in seconds.</summary>
    private static double Transfer(SimulatedLink link, int length, double limit, bool back = false)
    {
        (SimulatedEnd first, SimulatedEnd second) = link.Pair();
        if (back)
            (first, second) = (second, first);
        byte[] bytes = Bytes(length);
        link.Run(() => first.IsConnected || first.Other.IsConnected, 10);
        if (back)
            second.Send(Bytes(1)); // the accepting end receives first
        link.Run(() => first.IsConnected, 10);
        long began = link.Now;
        first.Send(bytes);
        Assert.True(link.Run(() => second.Received.Length >= length, limit), $"{second.Received.Length} of {length} bytes came within {limit} s; window {first.Connection.Window}, flight {first.Connection.Flight}, {first.Connection.State} {first.Connection.Failure}");
        Assert.Equal(bytes, second.Received.ToArray());
        return (link.Now - began) / 1e6;
    }

    [Fact]
    public void A_clean_link_is_filled_after_slow_start()
    {
        double seconds = Transfer(new SimulatedLink { Rate = 2_000_000 }, 20 << 20, 60);

        // 10.5 s at the link's rate; a fiftieth of a packet is header, and slow start takes some round trips.
        Assert.InRange(seconds, 10.5, 13);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Lost_delayed_reordered_and_duplicated_packets_arrive_once_and_in_order(bool back)
    {
        double seconds = Transfer(new SimulatedLink(7) { Loss = 0.05, Delay = 25_000, Jitter = 10_000, Duplication = 0.01 }, 1 << 20, 120, back);

        // By the rule of thumb for halving at each loss, about 8 packets per round trip: 100 to 200 kB per second.
        Assert.InRange(seconds, 2, 14);
    }

    [Fact]
    public void A_tenth_lost_each_way_still_gets_through()
    {
        Transfer(new SimulatedLink(3) { Loss = 0.10 }, 200_000, 120);
    }

    [Fact]
    public void Reordering_alone_costs_little()
    {
        double clean = Transfer(new SimulatedLink { Rate = 1_000_000 }, 4 << 20, 60);

        double reordered = Transfer(new SimulatedLink { Rate = 1_000_000, Jitter = 8_000 }, 4 << 20, 60);

        Assert.InRange(reordered, clean * 0.9, clean * 1.2);
    }

    [Fact]
    public void A_queue_is_kept_near_the_target()
    {
        SimulatedLink link = new() { Rate = 500_000, Queue = 4 << 20 };
        (SimulatedEnd first, SimulatedEnd second) = link.Pair();
        link.Run(() => first.IsConnected, 10);
        first.Send(Bytes(30 << 20));
        link.Run(15);
        List<long> delays = [];
        for (int i = 0; i < 200; i++)
        {
            link.Run(0.1);
            delays.Add(link.QueueDelay);
        }

        // The queue could hold eight seconds of data. LEDBAT keeps it at about 100 ms.
        Assert.InRange(delays.Average(), 50_000, 130_000);
        Assert.True(second.Received.Length > 35 * 500_000 * 0.9, $"{second.Received.Length}");
    }

    [Fact]
    public void It_yields_to_other_traffic_and_recovers()
    {
        SimulatedLink link = new() { Rate = 500_000, Queue = 200_000 };
        (SimulatedEnd first, SimulatedEnd second) = link.Pair();
        link.Run(() => first.IsConnected, 10);
        first.Send(Bytes(60 << 20));
        link.Run(20);
        double alone = Measure(10);

        // Other traffic, which ignores delays, keeps the queue three quarters full: 300 ms.
        bool isBusy = true;
        void Fill()
        {
            if (!isBusy)
                return;
            link.Occupy(300_000);
            link.At(link.Now + 5_000, Fill);
        }

        Fill();
        link.Run(10);
        double beside = Measure(10);
        isBusy = false;
        link.Run(20);
        double after = Measure(10);

        Assert.True(beside < alone / 5, $"{alone} alone, {beside} beside another");
        Assert.True(after > alone * 0.8, $"{alone} before, {after} after");

        double Measure(double seconds)
        {
            long before = second.Received.Length;
            link.Run(seconds);
            return (second.Received.Length - before) / seconds;
        }
    }

    [Fact]
    public void Two_share_a_link()
    {
        SimulatedLink link = new() { Rate = 1_000_000, Queue = 1 << 20 };
        (SimulatedEnd First, SimulatedEnd Second) one = link.Pair(), two = link.Pair();
        link.Run(() => one.First.IsConnected && two.First.IsConnected, 10);
        one.First.Send(Bytes(60 << 20));
        two.First.Send(Bytes(60 << 20));
        link.Run(10);
        long before1 = one.Second.Received.Length, before2 = two.Second.Received.Length;

        link.Run(30);

        double got1 = one.Second.Received.Length - before1, got2 = two.Second.Received.Length - before2;
        Assert.InRange(got1 + got2, 27_000_000, 30_500_000);
        Assert.InRange(got1 / (got1 + got2), 0.25, 0.75);
    }

    [Fact]
    public void Drifting_clocks_do_not_stop_it()
    {
        // A hundred parts per million; the receiver's clock is slow.
        SimulatedLink link = new() { Rate = 500_000 };
        (SimulatedEnd first, SimulatedEnd second) = link.Pair(drift: 100);
        link.Run(() => first.IsConnected, 10);
        first.Send(Bytes(120 << 20));
        link.Run(100);
        long before = second.Received.Length;

        link.Run(60);

        Assert.True(second.Received.Length - before > 60 * 500_000 * 0.85, $"{(second.Received.Length - before) / 60} bytes a second");
    }
}
