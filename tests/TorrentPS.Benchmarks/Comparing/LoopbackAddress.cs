using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary>Addresses for peers. Each gets one of 127.0.0.0/8 for itself, since clients keep one connection an address, with a port that is free.</summary>
internal static class LoopbackAddress
{
    private static int s_last;

    /// <summary>An address that no other peer of this run has.</summary>
    public static IPEndPoint Next()
    {
        int number = Interlocked.Increment(ref s_last);
        // The process id keeps runs apart that go on at the same time.
        IPAddress address = new([127, (byte)(1 + Environment.ProcessId % 250), (byte)(number / 250), (byte)(1 + number % 250)]);
        return new IPEndPoint(address, FreePort(address));
    }

    /// <summary>For clients that listen on every address.</summary>
    public static IPEndPoint Any() => new(IPAddress.Loopback, FreePort(IPAddress.Any));

    private static int FreePort(IPAddress address)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
