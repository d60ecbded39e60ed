using System.Text;
using FsCheck.Xunit;
using TorrentPS.Engine.Http;

namespace TorrentPS.Engine.Tests.Http;

public class HttpReplyReaderTests
{
    /// <summary>Replies of one connection; the last ends with the connection.</summary>
    private static readonly string[] s_replies =
    [
        "HTTP/1.1 206 Partial Content\r\nContent-Length: 7\r\n\r\n0123456",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n4\r\ndefg\r\n0\r\nTrailer: t\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\n\r\n",
        "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.0 200 OK\r\n\r\nto the end",
    ];

    [Fact]
    public void Successive_replies_are_read_one_by_one() => Assert.Equal(["206 0123456", "200 abcdefg", "304 ", "200 to the end"], Read(3, 2, false));

    /// <summary>A body arrives whole at the caller's chosen place, through the reader or past it, in parts of any size.</summary>
    [Property(MaxTest = 200)]
    public void Any_way_of_receiving_and_taking_the_bytes_gives_the_same(byte step, byte room, bool isPastReader) =>
        Assert.Equal(Read(1000, 1000, false), Read(1 + step % 40, 1 + room % 40, isPastReader));

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 200 OK", false)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab", false)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", false)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nab", true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", false)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n", false)]
    public void A_connection_is_reused_only_when_its_last_reply_was_read(string reply, bool isReusable)
    {
        HttpReplyReader reader = Begin(reply);
        byte[] body = new byte[10];
        Assert.Equal(2, reader.Take(body));
        Assert.Equal(0, reader.Take(body));
        Assert.Equal(isReusable, reader.IsReusable);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", "malformed length")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n", "malformed length")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "not asked for")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "chunked reply is malformed")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n", "chunked reply is malformed")]
    [InlineData("HTTP/1.1 099 Low\r\n\r\n", "does not speak HTTP")]
    [InlineData("HTTP/2 200\r\n\r\n", "does not speak HTTP")]
    [InlineData("SSH-2.0-x\r\n", "does not speak HTTP")]
    public void Anything_but_a_reply_is_an_error(string reply, string expected) =>
        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => Begin(reply)).Message, StringComparison.Ordinal);

    /// <summary>The body is complete; bytes that a server leaves out after it are not awaited.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("Tr")]
    [InlineData("Trailer: t\r\n")]
    public void A_connection_that_is_closed_in_a_trailer_ends_the_reply(string trailer)
    {
        HttpReplyReader reader = Begin("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n" + trailer);
        Assert.Equal(2, reader.Take(new byte[10]));
        Assert.Equal(0, reader.Take(new byte[10]));
        Assert.False(reader.IsComplete);
        reader.Advance(0);
        Assert.True(reader.IsComplete);
        Assert.False(reader.IsReusable);
    }

    [Fact]
    public void A_head_has_a_maximum_length()
    {
        Assert.Contains("header lines", Error(string.Concat(Enumerable.Repeat("a: b\r\n", 300))), StringComparison.Ordinal);
        Assert.Contains("too long", Error(new string('a', 10_000)), StringComparison.Ordinal);
        Assert.Contains("not come to an end", Error("\r\n" + string.Concat(Enumerable.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 10)), status: 100), StringComparison.Ordinal);

        static string Error(string rest, int status = 200) => Assert.Throws<InvalidDataException>(() => Begin($"HTTP/1.1 {status} X\r\n{rest}")).Message;
    }

    private static HttpReplyReader Begin(string reply)
    {
        HttpReplyReader reader = new();
        reader.Begin();
        for (ReadOnlySpan<byte> left = Encoding.Latin1.GetBytes(reply); !left.IsEmpty;)
        {
            int count = Math.Min(left.Length, reader.Free.Length);
            left[..count].CopyTo(reader.Free.Span);
            reader.Advance(count);
            left = left[count..];
        }

        return reader;
    }

    /// <summary>Reads all replies, each as its status and its body.</summary>
    private static List<string> Read(int step, int room, bool isPastReader)
    {
        HttpReplyReader reader = new();
        byte[] place = new byte[room];
        List<string> replies = [];
        foreach (string reply in s_replies)
        {
            Assert.True(reader.IsReusable);
            ReadOnlySpan<byte> left = Encoding.Latin1.GetBytes(reply);
            reader.Begin();
            while (reader.Head is null)
                reader.Advance(Fill(reader, ref left, step));
            var body = new StringBuilder();
            while (!reader.IsComplete)
            {
                int count = reader.Take(place);
                if (count == 0 && isPastReader && reader.Direct > 0)
                {
                    count = (int)Math.Min(Math.Min(Math.Min(step, room), left.Length), reader.Direct);
                    left[..count].CopyTo(place);
                    left = left[count..];
                    reader.PassBy(count);
                }
                else if (count == 0 && !reader.IsComplete)
                {
                    reader.Advance(Fill(reader, ref left, step));
                }

                body.Append(Encoding.Latin1.GetString(place, 0, count));
            }

            replies.Add($"{reader.Head.Status} {body}");
        }

        return replies;
    }

    private static int Fill(HttpReplyReader reader, ref ReadOnlySpan<byte> left, int step)
    {
        int count = Math.Min(Math.Min(step, left.Length), reader.Free.Length);
        left[..count].CopyTo(reader.Free.Span);
        left = left[count..];
        return count;
    }
}
