using System.Net;
using System.Text;
using FsCheck.Xunit;
using TorrentPS.Engine.Http;

namespace TorrentPS.Engine.Tests.Http;

public class HttpReplyParserTests
{
    private static readonly string[] s_replies =
    [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nd1:ae",
        "HTTP/1.0 404 Not Found\nServer: x\n\nwhatever comes",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nde\r\nA\r\n0123456789\r\n0\r\n\r\n",
        "HTTP/1.1 301 Moved\r\nLocation: /announce\r\nContent-Length: 9999999999\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\n\r\n",
    ];

    [Property(MaxTest = 300)]
    public void Any_split_of_the_bytes_gives_the_same(byte which, byte place, byte value, byte[] noise, byte step)
    {
        byte[] reply = Encoding.Latin1.GetBytes(s_replies[which % s_replies.Length]);
        byte[] broken = [.. reply];
        broken[place % broken.Length] = value;
        foreach (byte[] input in new[] { reply, broken, noise, [.. reply.AsSpan(0, place % reply.Length), .. noise] })
        {
            string whole = Parse(input, input.Length);
            Assert.Equal(whole, Parse(input, 1));
            Assert.Equal(whole, Parse(input, 1 + step % 7));
        }
    }

    [Fact]
    public void Real_replies_are_parsed() => Assert.Equal(
        ["200 d1:ae ", "404 whatever comes ", "200 de0123456789 ", "301  /announce", "304  "], s_replies.Select(reply => Parse(Encoding.Latin1.GetBytes(reply), 3)));

    private static string Parse(byte[] input, int step)
    {
        var parser = new HttpReplyParser(1000);
        try
        {
            for (ReadOnlySpan<byte> left = input; ;)
            {
                int count = Math.Min(Math.Min(step, left.Length), parser.Free.Length);
                left[..count].CopyTo(parser.Free.Span);
                left = left[count..];
                if (!parser.Advance(count))
                    continue;
                HttpReply reply = parser.Reply(IPAddress.Loopback);
                return $"{reply.Status} {Encoding.Latin1.GetString(reply.Body)} {reply.Location}";
            }
        }
        catch (InvalidDataException exception)
        {
            return exception.Message;
        }
    }
}
