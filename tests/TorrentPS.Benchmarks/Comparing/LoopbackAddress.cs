using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary>Addresses of peers: each gets a separate one of 127.0.0.0/8 with a free port, since clients keep one connection per address.</summary>
internal static class LoopbackAddress
{
    private static int s_last;

    /// <summary>An address that no other peer of this run has.</summary>
    public static IPEndPoint Next()
    {
        int number = Interlocked.Increment(ref s_last);
        // The process id separates simultaneous runs.
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
