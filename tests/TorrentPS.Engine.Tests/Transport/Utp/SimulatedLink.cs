using TorrentPS.Engine.Transport.Utp;

namespace TorrentPS.Engine.Tests.Transport.Utp;

/// <summary>
/// Two ends of a uTP connection with a simulated network between them that loses, delays, reorders and duplicates packets, determined by a seed. Time passes only when
/// nothing else happens. A bottleneck has a rate and a queue in bytes, which drops packets that do not fit.
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

    /// <summary>Microseconds, starting shortly before the 32 bits of a timestamp overflow.</summary>
    public long Now { get; private set; } = uint.MaxValue - 2_000_000L;

    /// <summary>The one-way delay, in microseconds.</summary>
    public long Delay { get; init; } = 50_000;

    /// <summary>The maximum random addition to the delay.</summary>
    public long Jitter { get; init; }

    /// <summary>The memory for received data, shared by all connections.</summary>
    public UtpMemory Memory { get; init; } = new(UtpHost.MaxReceived);

    /// <summary>The fraction of packets that is lost.</summary>
    public double Loss { get; set; }

    /// <summary>The fraction of packets that is duplicated.</summary>
    public double Duplication { get; init; }

    /// <summary>The rate of the bottleneck from the first end of each pair to the second, in bytes per second; 0 means no limit.</summary>
    public double Rate { get; init; }

    /// <summary>The size of the queue before the bottleneck, in bytes.</summary>
    public int Queue { get; init; } = 1 << 20;

    /// <summary>Longer packets are lost if fragmentation is forbidden.</summary>
    public int Mtu { get; init; } = int.MaxValue;

    /// <summary>Inspects each packet; false drops it.</summary>
    public Func<UtpHeader, int, bool> Filter { get; set; } = (_, _) => true;

    public long PacketsSent { get; private set; }

    public long BytesSent { get; private set; }

    /// <summary>The current delay in the queue, in microseconds.</summary>
    public long QueueDelay => Math.Max(0, _bottleneckFreeAt - Now);

    /// <summary>Two ends; the first connects to the second.</summary>
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

    /// <summary>Lets time pass until a condition holds.</summary>
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
