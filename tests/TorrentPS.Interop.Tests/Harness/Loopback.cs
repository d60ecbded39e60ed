using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Interop.Tests.Harness;

/// <summary>Addresses of peers: each gets a separate one of 127.0.0.0/8, since clients keep one connection per address.</summary>
internal static class Loopback
{
    private static int s_last;

    /// <summary>An address that no other peer of this run has, with a free port.</summary>
    public static IPEndPoint Next()
    {
        int number = Interlocked.Increment(ref s_last);
        // The process id separates simultaneous runs.
        IPAddress address = new([127, (byte)(1 + Environment.ProcessId % 250), (byte)(number / 250), (byte)(1 + number % 250)]);
        // macOS has only 127.0.0.1 until more are configured.
        int port = 0;
        return TryPort(address, ref port) || TryPort(address = IPAddress.Loopback, ref port)
            ? new IPEndPoint(address, port)
            : throw new InvalidOperationException("No loopback address has a free port.");
    }

    // Below the ports for outgoing connections, one of which could otherwise take it before it is listened on.
    private const int FirstPort = 20_000;
    private const int LastPort = 31_999;

    private static readonly ConcurrentBag<FileStream> s_claims = [];

    private static int s_lastPort = Random.Shared.Next(FirstPort, LastPort);

    /// <summary>A port that is free on every address, a different one each time, which no other test program gets meanwhile.</summary>
    public static int FreePort()
    {
        for (int tries = FirstPort; tries <= LastPort; tries++)
        {
            int port = FirstPort + (int)((uint)Interlocked.Increment(ref s_lastPort) % (LastPort - FirstPort + 1));
            if (TryClaim(port) && TryPort(IPAddress.Any, ref port))
                return port;
        }

        throw new InvalidOperationException("No port is free.");
    }

    /// <summary>Claims a port through a file that no other process can open while this one runs; tests/Pester/Fixtures.psm1 does the same.</summary>
    private static bool TryClaim(int port)
    {
        try
        {
            string folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"torrentps-test-ports-{Environment.UserName}")).FullName;
            s_claims.Add(new FileStream(Path.Combine(folder, $"{port}"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static bool TryPort(IPAddress address, ref int port)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            port = ((IPEndPoint)socket.LocalEndPoint!).Port;
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Whether the address accepts connections. Connects from a separate address: Transmission refuses a second connection soon after a first.</summary>
    public static async Task<bool> ListensAsync(IPEndPoint endPoint)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(Next());
            await socket.ConnectAsync(endPoint, TestContext.Current.CancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
