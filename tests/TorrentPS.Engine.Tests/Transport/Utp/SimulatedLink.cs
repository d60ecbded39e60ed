using TorrentPS.Engine.Transport.Utp;

namespace TorrentPS.Engine.Tests.Transport.Utp;

/// <summary>
/// Two ends of a uTP connection with a network between them that loses, delays, reorders and repeats packets, all by a seed and in a time that only
/// passes when nothing else happens. A bottleneck has a rate and a queue of so many bytes, which drops what does not fit.
/// </summary>
internal sealed class SimulatedLink
{
    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private readonly Random _random;
    private readonly List<SimulatedEnd> _ends = [];
    private long _order;
    private long _nextTick;
    private long _bottleneckFreeAt;

    public SimulatedLink(int seed = 1) => _random = new Random(seed);

    /// <summary>Microseconds. It begins where the 32 bits of a timestamp are nearly used up.</summary>
    public long Now { get; private set; } = uint.MaxValue - 2_000_000L;

    /// <summary>How long a packet travels, one way.</summary>
    public long Delay { get; init; } = 50_000;

    /// <summary>How much longer it may travel, by chance.</summary>
    public long Jitter { get; init; }

    /// <summary>What all connections share for what they have received.</summary>
    public UtpMemory Memory { get; init; } = new(UtpHost.MaxReceived);

    /// <summary>The part of packets that is lost, of 1.</summary>
    public double Loss { get; set; }

    /// <summary>The part of packets that comes twice, of 1.</summary>
    public double Duplication { get; init; }

    /// <summary>Bytes a second that the bottleneck carries from the first end of each pair to the second; 0 means no limit.</summary>
    public double Rate { get; init; }

    /// <summary>Bytes that wait before the bottleneck.</summary>
    public int Queue { get; init; } = 1 << 20;

    /// <summary>Packets longer than this are lost when they must not be fragmented.</summary>
    public int Mtu { get; init; } = int.MaxValue;

    /// <summary>Looks at each packet, and may drop it by returning false.</summary>
    public Func<UtpHeader, int, bool> Filter { get; set; } = (_, _) => true;

    public long PacketsSent { get; private set; }

    public long BytesSent { get; private set; }

    /// <summary>How long a packet waits before the bottleneck now, in microseconds.</summary>
    public long QueueDelay => Math.Max(0, _bottleneckFreeAt - Now);

    /// <summary>Two ends: the first connects to the second.</summary>
    public (SimulatedEnd First, SimulatedEnd Second) Pair(int firstMtu = 1472, long drift = 0)
    {
        ushort id = (ushort)_random.Next(1 << 16);
        SimulatedEnd first = new(this, id, (ushort)(id + 1), (ushort)_random.Next(65_000, 65_536), firstMtu, isOutgoing: true);
        SimulatedEnd second = new(this, (ushort)(id + 1), id, (ushort)_random.Next(65_000, 65_536), firstMtu, isOutgoing: false) { ClockOffset = 123_456_789, Drift = drift };
        (first.Other, second.Other) = (second, first);
        _ends.AddRange([first, second]);
        first.Connection.Connect(first.Time);
        return (first, second);
    }

    public void Send(SimulatedEnd from, byte[] packet, bool isProbe)
    {
        PacketsSent++;
        BytesSent += packet.Length;
        Assert.True(UtpHeader.TryRead(packet, out UtpHeader header, out _, out _));
        if (!Filter(header, packet.Length) || _random.NextDouble() < Loss || (isProbe && packet.Length > Mtu))
            return;
        long at = Now + Delay + (Jitter > 0 ? _random.NextInt64(Jitter) : 0);
        if (Rate > 0 && from.IsOutgoing)
        {
            long queued = Math.Max(Now, _bottleneckFreeAt);
            if ((queued - Now) * Rate / 1e6 > Queue)
                return;
            _bottleneckFreeAt = queued + (long)(packet.Length / Rate * 1e6);
            at += _bottleneckFreeAt - Now;
        }

        for (int copies = _random.NextDouble() < Duplication ? 2 : 1; copies > 0; copies--)
            At(at, () => from.Other.Take(packet));
    }

    /// <summary>Lets other traffic fill the queue before the bottleneck up to a number of microseconds.</summary>
    public void Occupy(long delay) => _bottleneckFreeAt = Math.Max(_bottleneckFreeAt, Now + delay);

    public void At(long time, Action action) => _events.Enqueue(action, (time, _order++));

    /// <summary>Lets time pass until something is so.</summary>
    public bool Run(Func<bool> until, double seconds)
    {
        long end = Now + (long)(seconds * 1e6);
        while (!until())
        {
            if (Now >= end)
                return false;
            Step();
        }

        return true;
    }

    public void Run(double seconds) => Run(() => false, seconds);

    private void Step()
    {
        if (_events.TryPeek(out _, out (long At, long Order) next) && next.At <= Math.Max(_nextTick, Now))
        {
            Now = Math.Max(Now, next.At);
            _events.Dequeue()();
            return;
        }

        Now = Math.Max(Now, _nextTick);
        _nextTick = Now + 10_000;
        foreach (SimulatedEnd end in _ends)
            end.Tick();
    }
}
