using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

/// <summary>A node of the DHT on loopback that names the peers of the test for every torrent, written without the engine.</summary>
public sealed class TestDhtNode : IDisposable
{
    private static readonly Encoding s_latin = Encoding.Latin1;
    private static readonly Regex s_query = new("1:q[0-9]+:(ping|find_node|get_peers|announce_peer)", RegexOptions.CultureInvariant);
    private static readonly Regex s_transaction = new("1:t([0-9]+):", RegexOptions.CultureInvariant | RegexOptions.RightToLeft);

    private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly List<string> _queries = new();

    public TestDhtNode() => Task.Run(AnswerAsync);

    public string EndPoint => _socket.Client.LocalEndPoint!.ToString()!;

    /// <summary>The peers it names, as ADDRESS:PORT.</summary>
    public string[] Peers { get; set; } = Array.Empty<string>();

    /// <summary>What it was asked, in order.</summary>
    public string[] Queries
    {
        get
        {
            lock (_queries)
                return _queries.ToArray();
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task AnswerAsync()
    {
        try
        {
            while (true)
            {
                UdpReceiveResult received = await _socket.ReceiveAsync();
                string message = s_latin.GetString(received.Buffer);
                Match query = s_query.Match(message), transaction = s_transaction.Match(message);
                if (!query.Success || !transaction.Success)
                    continue;
                lock (_queries)
                    _queries.Add(query.Groups[1].Value);
                int length = int.Parse(transaction.Groups[1].Value);
                string id = message.Substring(transaction.Index + transaction.Length, length);
                await _socket.SendAsync(s_latin.GetBytes(Answer(query.Groups[1].Value, id)), received.RemoteEndPoint);
            }
        }
        catch (Exception exception) when (exception is ObjectDisposedException or SocketException)
        {
        }
    }

    private string Answer(string query, string transaction)
    {
        string more = query switch
        {
            "find_node" => "5:nodes0:",
            "get_peers" => $"5:token4:test6:valuesl{string.Concat(Peers.Select(Compact))}e",
            _ => "",
        };
        return $"d1:rd2:id20:a node of such tests{more}e1:t{transaction.Length}:{transaction}1:y1:re";
    }

    private static string Compact(string peer)
    {
        IPEndPoint endPoint = IPEndPoint.Parse(peer);
        return "6:" + s_latin.GetString(endPoint.Address.GetAddressBytes()) + (char)(endPoint.Port >> 8) + (char)(endPoint.Port & 255);
    }
}
