using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

/// <summary>A TCP server on loopback, at a free port, that serves each connection on a task.</summary>
public abstract class TestServer : IDisposable
{
    private readonly TcpListener _listener = new TcpListener(IPAddress.Loopback, 0);

    protected TestServer()
    {
        _listener.Start();
    }

    public int Port { get { return ((IPEndPoint)_listener.LocalEndpoint).Port; } }

    public void Dispose() { _listener.Stop(); }

    /// <summary>Starts to accept connections; called when the derived object is complete.</summary>
    protected void Accept() { Task.Run(AcceptAsync); }

    /// <summary>Serves one connection, which is closed afterwards.</summary>
    protected abstract Task ServeAsync(NetworkStream stream);

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync();
                _ = Task.Run(() => ServeAsync(client));
            }
        }
        catch (Exception exception) when (exception is SocketException || exception is ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await ServeAsync(client.GetStream());
            }
            catch (IOException)
            {
            }
        }
    }
}
