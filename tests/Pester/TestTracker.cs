using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;

/// <summary>An HTTP tracker on loopback that answers what a test tells it to, and remembers what it was asked.</summary>
public sealed class TestTracker : IDisposable
{
    private readonly TcpListener _listener = new TcpListener(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<string> _requests = new ConcurrentQueue<string>();

    public TestTracker()
    {
        _listener.Start();
        Task.Run(AcceptAsync);
    }

    public string Url { get { return "http://127.0.0.1:" + ((IPEndPoint)_listener.LocalEndpoint).Port + "/announce"; } }

    /// <summary>The peers of the answer.</summary>
    public string[] Peers { get; set; } = new string[0];

    /// <summary>The answer in place of peers: a failure reason.</summary>
    public string Failure { get; set; }

    /// <summary>Bytes that any other path answers with.</summary>
    public byte[] File { get; set; }

    /// <summary>Keeps announces waiting until it is disposed.</summary>
    public bool Silent { get; set; }

    /// <summary>The paths and queries of all requests.</summary>
    public string[] Requests { get { return _requests.ToArray(); } }

    public int CountEvents(string name) { return Requests.Count(request => request.Contains("event=" + name)); }

    public void Dispose() { _listener.Stop(); }

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
                NetworkStream stream = client.GetStream();
                StreamReader reader = new StreamReader(stream, Encoding.Latin1);
                string line = await reader.ReadLineAsync();
                if (line == null)
                    return;
                string target = line.Split(' ')[1];
                while (!string.IsNullOrEmpty(await reader.ReadLineAsync()))
                {
                }
                _requests.Enqueue(target);
                if (Silent && !target.Contains("event=stopped"))
                {
                    await Task.Delay(60000);
                    return;
                }
                byte[] body = Answer(target);
                string head = (body == null ? "HTTP/1.1 404 Not Found" : "HTTP/1.1 200 OK") + "\r\nContent-Length: " + (body == null ? 0 : body.Length) + "\r\nConnection: close\r\n\r\n";
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head).Concat(body ?? new byte[0]).ToArray());
            }
            catch (IOException)
            {
            }
        }
    }

    private byte[] Answer(string target)
    {
        if (target.StartsWith("/scrape"))
            return Scrape(target);
        if (!target.StartsWith("/announce"))
            return File;
        if (Failure != null)
            return Encoding.UTF8.GetBytes("d14:failure reason" + Encoding.UTF8.GetByteCount(Failure) + ":" + Failure + "e");
        List<byte> peers = new List<byte>();
        foreach (IPEndPoint peer in Peers.Select(IPEndPoint.Parse))
        {
            peers.AddRange(peer.Address.GetAddressBytes());
            peers.Add((byte)(peer.Port >> 8));
            peers.Add((byte)peer.Port);
        }
        return Encoding.ASCII.GetBytes("d8:intervali1800e5:peers" + peers.Count + ":").Concat(peers).Append((byte)'e').ToArray();
    }

    private static byte[] Scrape(string target)
    {
        string escaped = target.Substring(target.IndexOf("info_hash=", StringComparison.Ordinal) + 10).Split('&')[0];
        List<byte> hash = new List<byte>();
        for (int i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] == '%')
            {
                hash.Add(Convert.ToByte(escaped.Substring(i + 1, 2), 16));
                i += 2;
            }
            else
            {
                hash.Add((byte)escaped[i]);
            }
        }
        return Encoding.ASCII.GetBytes("d5:filesd20:").Concat(hash).Concat(Encoding.ASCII.GetBytes("d8:completei3e10:downloadedi7e10:incompletei2eeee")).ToArray();
    }
}
