using System;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

/// <summary>A peer on loopback that only answers unencrypted handshakes.</summary>
public sealed class TestPeer : TestServer
{
    private readonly byte[] _infoHash;
    private readonly bool _silent;
    private int _connections;

    /// <param name="infoHash">The info hash of its answers, in hexadecimal digits.</param>
    /// <param name="silent">Whether it accepts connections but sends nothing.</param>
    public TestPeer(string infoHash, bool silent)
    {
        _infoHash = Convert.FromHexString(infoHash);
        _silent = silent;
        Accept();
    }

    /// <summary>The number of connections accepted.</summary>
    public int Connections { get { return Volatile.Read(ref _connections); } }

    protected override async Task ServeAsync(NetworkStream stream)
    {
        Interlocked.Increment(ref _connections);
        byte[] request = new byte[68];
        await stream.ReadExactlyAsync(request);
        // Any other beginning is that of an encrypted handshake, which this peer does not support.
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
}
