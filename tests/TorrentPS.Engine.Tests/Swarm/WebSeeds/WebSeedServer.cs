using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Swarm.WebSeeds;

/// <summary>A web server on loopback with the files of a sample, written without the engine's client, that answers each request as a test says.</summary>
internal sealed partial class WebSeedServer : IDisposable
{
    private readonly TcpListener _listener;
    private readonly ConcurrentBag<Socket> _open = [];
    private readonly Sample _sample;
    private readonly TaskCompletionSource _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _connections;
    private int _requests;

    public WebSeedServer(Sample sample, IPAddress? address = null)
    {
        _sample = sample;
        _listener = new TcpListener(address ?? IPAddress.Loopback, 0);
        _listener.Start();
        _ = _listener.AcceptAllAsync(socket => _ = ServeAsync(socket));
    }

    /// <summary>Returns an answer for the number of the request from 1, its target and the existence of that target; null sends the file's bytes.</summary>
    public Func<int, string, string?> Answer { get; init; } = (_, _) => null;

    /// <summary>Whether it ignores ranges and sends whole files.</summary>
    public bool IgnoresRanges { get; init; }

    /// <summary>Whether bodies are sent in chunks.</summary>
    public bool IsChunked { get; init; }

    /// <summary>Whether it closes the connection after each answer.</summary>
    public bool ClosesEachTime { get; init; }

    /// <summary>The number of bytes of an answer after which it stalls; 0 for none.</summary>
    public int StallsAfter { get; init; }

    /// <summary>Completes when the other side has closed the connection before the end of an answer.</summary>
    public Task Cut => _cut.Task;

    /// <summary>Completes at the first request.</summary>
    public Task Asked => _asked.Task;

    /// <summary>Changes the bytes sent.</summary>
    public Func<byte[], byte[]> Change { get; init; } = bytes => bytes;

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public Uri Root => new($"http://{_listener.LocalEndpoint}/");

    public int Connections => Volatile.Read(ref _connections);

    /// <summary>The requests: the target, and the range if any.</summary>
    public ConcurrentQueue<(string Target, long First, long Last)> Requests { get; } = [];

    public void Dispose()
    {
        _listener.Stop();
        foreach (Socket socket in _open)
            socket.Dispose();
    }

    private async Task ServeAsync(Socket socket)
    {
        _open.Add(socket);
        Interlocked.Increment(ref _connections);
        try
        {
            byte[] buffer = new byte[8192];
            int used = 0;
            while (true)
            {
                int end;
                while ((end = buffer.AsSpan(0, used).IndexOf("\r\n\r\n"u8)) < 0)
                {
                    int count = await socket.ReceiveAsync(buffer.AsMemory(used));
                    if (count == 0)
                        return;
                    used += count;
                }

                string head = Encoding.ASCII.GetString(buffer, 0, end);
                Assert.Equal(end + 4, used); // one request at a time
                used = 0;
                byte[] reply = Reply(head);
                if (StallsAfter > 0 && reply.Length > StallsAfter)
                {
                    await socket.SendAsync(reply.AsMemory(0, StallsAfter));
                    if (await socket.ReceiveAsync(buffer) == 0)
                        _cut.TrySetResult();
                    return;
                }

                await socket.SendAsync(reply);
                if (ClosesEachTime)
                {
                    socket.Shutdown(SocketShutdown.Both);
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The other side has disconnected.
        }
        finally
        {
            socket.Dispose();
        }
    }

    private byte[] Reply(string head)
    {
        string target = head.Split(' ')[1];
        Match range = RangeHeader().Match(head);
        (long first, long last) = range.Success ? (long.Parse(range.Groups[1].Value, CultureInfo.InvariantCulture), long.Parse(range.Groups[2].Value, CultureInfo.InvariantCulture)) : (-1, -1);
        Requests.Enqueue((target, first, last));
        _asked.TrySetResult();
        if (Answer(Interlocked.Increment(ref _requests), target) is { } own)
            return Encoding.ASCII.GetBytes(own);
        if (Find(target) is not { } whole)
            return "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone"u8.ToArray();
        bool isPart = first >= 0 && !IgnoresRanges;
        byte[] body = Change(isPart ? whole[(int)first..((int)last + 1)] : whole);
        string status = isPart ? $"206 Partial Content\r\nContent-Range: bytes {first}-{last}/{whole.Length}" : "200 OK";
        string close = ClosesEachTime ? "Connection: close\r\n" : "";
        if (!IsChunked)
            return [.. Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\n{close}\r\n"), .. body];
        var chunked = new MemoryStream();
        chunked.Write(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n{close}\r\n"));
        foreach (byte[] chunk in body.Chunk(10_000))
        {
            chunked.Write(Encoding.ASCII.GetBytes($"{chunk.Length:x};name=value\r\n"));
            chunked.Write(chunk);
            chunked.Write("\r\n"u8);
        }

        chunked.Write("0\r\nTrailer: x\r\n\r\n"u8);
        return chunked.ToArray();
    }

    private byte[]? Find(string target)
    {
        Match piece = PieceQuery().Match(target);
        if (piece.Success)
        {
            byte[] bytes = _sample.Piece(int.Parse(piece.Groups[1].Value, CultureInfo.InvariantCulture)).ToArray();
            return piece.Groups[2].Success
                ? bytes[int.Parse(piece.Groups[2].Value, CultureInfo.InvariantCulture)..(int.Parse(piece.Groups[3].Value, CultureInfo.InvariantCulture) + 1)] : bytes;
        }

        string path = Uri.UnescapeDataString(target.Split('?')[0]).TrimStart('/');
        int file = _sample.Torrent.Files.ToList().FindIndex(entry => path.EndsWith(entry.Path, StringComparison.Ordinal) && !entry.IsPadding);
        return file < 0 ? null : _sample.File(file).ToArray();
    }

    [GeneratedRegex("\r\nRange: bytes=([0-9]+)-([0-9]+)")]
    private static partial Regex RangeHeader();

    [GeneratedRegex("[?&]info_hash=[^&]+&piece=([0-9]+)(?:&ranges=([0-9]+)-([0-9]+))?$")]
    private static partial Regex PieceQuery();
}
