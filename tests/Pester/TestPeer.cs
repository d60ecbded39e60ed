using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

/// <summary>A peer on loopback that answers every plain handshake, and does nothing else.</summary>
public sealed class TestPeer : IDisposable
{
    private readonly TcpListener _listener = new TcpListener(IPAddress.Loopback, 0);
    private readonly byte[] _infoHash;
    private readonly bool _silent;
    private int _connections;

    /// <param name="infoHash">What it answers for, in hexadecimal digits.</param>
    /// <param name="silent">Accepts connections, but never says anything.</param>
    public TestPeer(string infoHash, bool silent)
    {
        _infoHash = Convert.FromHexString(infoHash);
        _silent = silent;
        _listener.Start();
        Task.Run(AcceptAsync);
    }

    public int Port { get { return ((IPEndPoint)_listener.LocalEndpoint).Port; } }

    /// <summary>How many connections were made to it.</summary>
    public int Connections { get { return Volatile.Read(ref _connections); } }

    public void Dispose() { _listener.Stop(); }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync();
                Interlocked.Increment(ref _connections);
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
                NetworkStream stream = client.GetStream();
                byte[] request = new byte[68];
                await stream.ReadExactlyAsync(request);
                // Whoever begins with anything else wants encryption, which this peer does not speak.
                if (request[0] != 19 || Encoding.ASCII.GetString(request, 1, 19) != "BitTorrent protocol")
                    return;
                if (!_silent)
                {
                    byte[] reply = new byte[68];
                    request.AsSpan(0, 20).CopyTo(reply);
                    reply[27] = 5;
                    _infoHash.CopyTo(reply, 28);
                    Encoding.ASCII.GetBytes("-qB4520-abcdefghijkl").CopyTo(reply, 48);
                    await stream.WriteAsync(reply);
                }
                while (await stream.ReadAsync(request) > 0)
                {
                }
            }
            catch (IOException)
            {
            }
        }
    }
}
