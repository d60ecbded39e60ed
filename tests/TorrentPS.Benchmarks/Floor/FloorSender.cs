using System.Globalization;
using System.Net;
using System.Net.Sockets;
using TorrentPS.Benchmarks.Measuring;

namespace TorrentPS.Benchmarks.Floor;

/// <summary>Sends a file over each connection, from the page cache to the socket without a copy through this process.</summary>
internal static class FloorSender
{
    /// <summary>Acts as a worker that only listens; its greeting is its port.</summary>
    public static async Task ServeAsync(string file)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        new Thread(() => Send(listener, file)) { IsBackground = true }.Start();
        await Worker.ServeAsync(((IPEndPoint)listener.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture), () => Task.FromResult<object>(0)).ConfigureAwait(false);
    }

    private static void Send(Socket listener, string file)
    {
        while (true)
        {
            using Socket connection = listener.Accept();
            try
            {
                connection.SendFile(file);
                connection.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException)
            {
                // The receiver gave up, and reports the reason.
            }
        }
    }
}
