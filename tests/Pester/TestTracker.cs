using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;

/// <summary>An HTTP tracker on loopback that gives the answers set by a test and records the requests.</summary>
public sealed class TestTracker : TestServer
{
    private readonly ConcurrentQueue<string> _requests = new ConcurrentQueue<string>();

    public TestTracker()
    {
        Accept();
    }

    public string Url { get { return "http://127.0.0.1:" + Port + "/announce"; } }

    /// <summary>The peers of the answer.</summary>
    public string[] Peers { get; set; } = new string[0];

    /// <summary>The answer in place of peers: a failure reason.</summary>
    public string Failure { get; set; }

    /// <summary>The answer to any other path.</summary>
    public byte[] File { get; set; }

    /// <summary>Whether announces are not answered for a minute.</summary>
    public bool Silent { get; set; }

    /// <summary>The paths and queries of all requests.</summary>
    public string[] Requests { get { return _requests.ToArray(); } }

    public int CountEvents(string name) { return Requests.Count(request => request.Contains("event=" + name)); }

    protected override async Task ServeAsync(NetworkStream stream)
    {
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
