using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Discovery.Dht;

namespace TorrentPS.Engine.Tests.Discovery.Dht;

/// <summary>A network of nodes in memory: datagrams take some time, those to dead nodes are lost, and the clock jumps from one event to the next.</summary>
internal sealed class DhtNetwork(int seed)
{
    private readonly PriorityQueue<(Member Member, byte[]? Packet, IPEndPoint? From), (long Ticks, long Number)> _events = new();
    private readonly Dictionary<IPEndPoint, Member> _members = [];
    private readonly Random _random = new(seed);
    private readonly DateTimeOffset _start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private long _number;

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    /// <summary>The minimum and maximum delay of a datagram, in milliseconds.</summary>
    public (int Least, int Most) Latency { get; set; } = (10, 100);

    public int Packets { get; private set; }

    public int LongestPacket { get; private set; }

    public IReadOnlyCollection<Member> Members => _members.Values;

    public Random Random => _random;

    private TimeSpan Elapsed => Time.GetUtcNow() - _start;

    /// <summary>Adds a node at a separate address in a separate network, with an id that matches it.</summary>
    public Member Add(Func<IPAddress, NodeId>? id = null) => Add(AddressOf(_members.Count), id);

    public Member Add(IPEndPoint endPoint, Func<IPAddress, NodeId>? id = null, DhtScope? scope = null)
    {
        var member = new Member(endPoint);
        member.Node = new DhtNode(endPoint.AddressFamily, id?.Invoke(endPoint.Address) ?? SecureNodeId.Create(endPoint.Address), scope ?? new DhtScope(), Time, Send);
        _members.Add(endPoint, member);
        Schedule(member);
        return member;

        void Send(ReadOnlySpan<byte> packet, IPEndPoint to)
        {
            Packets++;
            LongestPacket = Math.Max(LongestPacket, packet.Length);
            member.Sent.Add((packet.ToArray(), to));
            if (_members.TryGetValue(to, out Member? receiver) && receiver.IsAlive && member.IsAlive)
                Enqueue((receiver, packet.ToArray(), endPoint), TimeSpan.FromMilliseconds(_random.Next(Latency.Least, Latency.Most + 1)) + member.Delay);
        }
    }

    /// <summary>Calls a node, and then does its due work.</summary>
    public T Do<T>(Member member, Func<DhtNode, T> action)
    {
        T result = action(member.Node);
        Schedule(member);
        return result;
    }

    public void Do(Member member, Action<DhtNode> action)
    {
        action(member.Node);
        Schedule(member);
    }

    public void Run(TimeSpan duration) => RunUntil(() => false, duration);

    /// <summary>Runs until a condition holds, or for a time.</summary>
    /// <returns>Whether the condition came to hold.</returns>
    public bool RunUntil(Func<bool> condition, TimeSpan limit)
    {
        TimeSpan end = Elapsed + limit;
        while (!condition())
        {
            if (!_events.TryPeek(out _, out (long Ticks, long Number) next) || next.Ticks > end.Ticks)
            {
                Time.Advance(end - Elapsed);
                return condition();
            }

            (Member member, byte[]? packet, IPEndPoint? from) = _events.Dequeue();
            if (next.Ticks > Elapsed.Ticks)
                Time.Advance(TimeSpan.FromTicks(next.Ticks) - Elapsed);
            if (!member.IsAlive)
                continue;
            if (packet is not null)
                member.Node.Receive(packet, from!);
            else if (next.Ticks >= member.TickAt.Ticks)
                member.TickAt = TimeSpan.MaxValue;
            Schedule(member);
        }

        return true;
    }

    public static IPEndPoint AddressOf(int number) =>
        new(new IPAddress([(byte)(40 + number % 50), (byte)(number / 50 % 250), (byte)(number / 12_500 + 1), 7]), 6881);

    private void Schedule(Member member)
    {
        TimeSpan due = Elapsed + member.Node.Tick();
        if (due >= member.TickAt)
            return;
        member.TickAt = due;
        Enqueue((member, null, null), due - Elapsed);
    }

    private void Enqueue((Member Member, byte[]? Packet, IPEndPoint? From) what, TimeSpan delay) =>
        _events.Enqueue(what, ((Elapsed + delay).Ticks, _number++));

    internal sealed class Member(IPEndPoint endPoint)
    {
        public IPEndPoint EndPoint => endPoint;

        public DhtNode Node { get; set; } = null!;

        public bool IsAlive { get; set; } = true;

        /// <summary>The additional delay of its datagrams.</summary>
        public TimeSpan Delay { get; set; }

        public TimeSpan TickAt { get; set; } = TimeSpan.MaxValue;

        /// <summary>All packets that it has sent.</summary>
        public List<(byte[] Packet, IPEndPoint To)> Sent { get; } = [];
    }
}
