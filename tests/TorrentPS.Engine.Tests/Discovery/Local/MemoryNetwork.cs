using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Discovery.Local;

namespace TorrentPS.Engine.Tests.Discovery.Local;

/// <summary>A local network in memory: a message to the group reaches all members at once, including the sender.</summary>
internal sealed class MemoryNetwork
{
    private readonly List<Member> _members = [];

    /// <summary>The messages to the group, as text.</summary>
    public List<string> Sent { get; } = [];

    /// <summary>The messages to single members.</summary>
    public List<string> Answers { get; } = [];

    public ILocalNetwork Join(string address, SocketError? failure = null)
    {
        var member = new Member(this, new IPEndPoint(IPAddress.Parse(address), 50_000 + _members.Count), failure);
        _members.Add(member);
        return member;
    }

    /// <summary>Sends a message from outside the group.</summary>
    public void Send(string from, byte[] message)
    {
        foreach (Member member in _members.ToArray())
            member.Received?.Invoke(message, IPEndPoint.Parse(from));
    }

    private sealed class Member(MemoryNetwork network, IPEndPoint endPoint, SocketError? failure) : ILocalNetwork
    {
        public Action<ReadOnlyMemory<byte>, IPEndPoint>? Received { get; private set; }

        public void Open(Action<ReadOnlyMemory<byte>, IPEndPoint> received)
        {
            if (failure is { } error)
                throw new SocketException((int)error);
            Assert.Null(Received);
            Received = received;
        }

        public void SendToAll(Func<AddressFamily, byte[]> message)
        {
            byte[] bytes = message(AddressFamily.InterNetwork);
            network.Sent.Add(System.Text.Encoding.ASCII.GetString(bytes));
            foreach (Member member in network._members.ToArray())
                member.Received?.Invoke(bytes, endPoint);
        }

        public void Send(byte[] message, IPEndPoint to)
        {
            network.Answers.Add(System.Text.Encoding.ASCII.GetString(message));
            network._members.Find(member => member.EndPoint.Equals(to))?.Received?.Invoke(message, endPoint);
        }

        public IPEndPoint EndPoint => endPoint;

        public void Dispose() => Received = null;
    }
}
