using System.Net.Sockets;

namespace TorrentPS.Engine.Tests;

/// <summary>Common code of the tests' servers.</summary>
internal static class TcpListenerExtensions
{
    /// <summary>Accepts connections until the listener is stopped.</summary>
    public static async Task AcceptAllAsync(this TcpListener listener, Action<Socket> serve)
    {
        try
        {
            while (true)
                serve(await listener.AcceptSocketAsync());
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Stopped.
        }
    }
}
