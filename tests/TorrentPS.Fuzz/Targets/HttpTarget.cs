using System.IO.Compression;
using System.Net;
using System.Text;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Trackers;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>A tracker's HTTP reply, from the first byte of its head to its peers; the first byte of the input selects how much arrives at once.</summary>
internal sealed class HttpTarget : FuzzTarget
{
    private static readonly Uri s_tracker = new("http://tracker.example/announce");

    public HttpTarget()
    {
        byte[] body = [.. "d8:intervali900e5:peers6:"u8, 192, 0, 2, 7, 0, 80, (byte)'e'];
        Seeds =
        [
            Reply("Content-Length: 32", body), Reply("Connection: close", body), Reply("Content-Encoding: gzip", Pack(body, stream => new GZipStream(stream, CompressionLevel.Fastest))),
            Reply("Content-Encoding: deflate", Pack(body, stream => new ZLibStream(stream, CompressionLevel.Fastest))), Reply("Content-Encoding: deflate", Pack(body, stream => new DeflateStream(stream, CompressionLevel.Fastest))),
            Reply("Content-Encoding: gzip", Pack(new byte[4 << 20], stream => new GZipStream(stream, CompressionLevel.Fastest))),
            Reply("Transfer-Encoding: chunked", [.. "5;x=y\r\n"u8, .. body[..5], .. "\r\n1b\r\n"u8, .. body[5..], .. "\r\n0\r\nTrailer: x\r\n\r\n"u8]),
            [7, .. "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 302 Found\r\nLocation: http://a/\r\n\r\n"u8],
            Reply("Content-Length: 36", "d14:failure reason13:not a torrente"u8),
        ];
    }

    public override string Name => "http";

    public override string Description => "replies by HTTP: heads, chunks, compression, and what a tracker says in them";

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override InputShape Shape => InputShape.Text;

    public override IReadOnlyList<string> Words => ["\r\n", "\r\n\r\n", "HTTP/1.1 200 OK\r\n", "Content-Length: ", "Transfer-Encoding: chunked\r\n", "Content-Encoding: gzip\r\n", "Content-Encoding: deflate\r\n", "Location: ",
        "0\r\n\r\n", "ffffffff\r\n", "-1\r\n", "\x1f\x8b\x08", "100000\r\n"];

    public override int MaxLength => 64 * 1024;

    // 1 MiB of a reply, again when it is decompressed, and each in arrays that grow by half and double.
    public override long MaxAllocated(int length) => (9 << 20) + 64L * length;

    public override int Try(byte[] input)
    {
        if (input.Length == 0)
            return 0;
        int pace = input[0] == 0 ? int.MaxValue : input[0];
        try
        {
            var parser = new HttpReplyParser(HttpTracker.MaxReplyLength);
            ReadOnlySpan<byte> left = input.AsSpan(1);
            while (true)
            {
                Require(!parser.Free.IsEmpty, "there is no room to read into");
                int count = Math.Min(Math.Min(pace, left.Length), parser.Free.Length);
                left[..count].CopyTo(parser.Free.Span);
                left = left[count..];
                if (parser.Advance(count))
                    break;
            }

            HttpReply reply = parser.Reply(IPAddress.Loopback);
            Require(reply.Body.Length <= HttpTracker.MaxReplyLength, "the body is longer than the limit");
            _ = TrackerReply.TryReadFailure(reply.Body, out _);
            AnnounceResponse response = TrackerReply.ReadAnnounce(reply.Body, s_tracker, IPAddress.Loopback);
            return HashCode.Combine(response.Peers.Count > 0, reply.Status / 100, reply.Location is null);
        }
        catch (Exception e) when (e is InvalidDataException or TorrentException)
        {
            return Outcome(e.Message);
        }
    }

    private static byte[] Reply(string header, ReadOnlySpan<byte> body) => [0, .. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{header}\r\n\r\n"), .. body];

    private static byte[] Pack(byte[] body, Func<Stream, Stream> pack)
    {
        var packed = new MemoryStream();
        using (Stream stream = pack(packed))
            stream.Write(body);
        return packed.ToArray();
    }
}
