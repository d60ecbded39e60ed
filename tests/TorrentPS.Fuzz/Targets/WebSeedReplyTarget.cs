using System.Net;
using System.Text;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Net;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>
/// The answers of a web seed to two requests over one connection: heads, ranges, chunks, trailers, redirects, and bytes after a body. The first byte of the input selects
/// how much arrives at once.
/// </summary>
internal sealed class WebSeedReplyTarget : FuzzTarget
{
    private static readonly NamedAddress s_address = NamedAddress.OfWebSeed(new Uri("http://seed.example/f"));
    private static readonly ReachRules s_rules = new();
    private static readonly DateTimeOffset s_now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly byte[] _body = new byte[4096];

    public WebSeedReplyTarget()
    {
        string part = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-4/100\r\nContent-Length: 5\r\n\r\nhello";
        string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n";
        Seeds =
        [
            Input(0, part + part), Input(1, chunked + part), Input(7, part + chunked), Input(0, "HTTP/1.1 100 Continue\r\n\r\n" + part),
            Input(0, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nto the end"), Input(0, "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n" + part),
            Input(3, "HTTP/1.1 503 Busy\r\nRetry-After: Thu, 01 Jan 2026 00:00:09 GMT\r\nContent-Length: 0\r\n\r\nHTTP/1.1 429 Busy\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n"),
            Input(0, "HTTP/1.1 302 Found\r\nLocation: https://me:you@other.example/g?x=y\r\nContent-Length: 0\r\n\r\n" + part), Input(0, "HTTP/1.1 416 No\r\nContent-Range: bytes */100\r\nContent-Length: 0\r\n\r\n"),
        ];
    }

    public override string Name => "webseed";

    public override string Description => "replies of web seeds: heads, ranges, chunks and redirects, two over one connection";

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override InputShape Shape => InputShape.Text;

    public override IReadOnlyList<string> Words => ["\r\n", "\r\n\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 206 X\r\n", "HTTP/1.1 302 X\r\n", "Content-Length: ", "Content-Range: bytes ", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n",
        "Location: ", "Location: //", "Retry-After: ", "0\r\n\r\n", "ffffffffffffffff\r\n", "7fffffffffffffff\r\n", "-1\r\n", "9223372036854775807"];

    public override int MaxLength => 64 * 1024;

    // The buffer for heads, and each line as a string or two.
    public override long MaxAllocated(int length) => 256 * 1024 + 400L * length;

    public override int Try(byte[] input)
    {
        if (input.Length == 0)
            return 0;
        using var connection = new HttpConnection(new ReplyStream(input.AsMemory(1), input[0] == 0 ? int.MaxValue : input[0]), IPAddress.Loopback);
        HashCode outcome = default;
        try
        {
            for (int i = 0; i < 2 && connection.IsReusable; i++)
                outcome.Add(Ask(connection, input.Length));
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            outcome.Add(Outcome(e.Message));
            Require(!connection.IsReusable, "a connection that failed may be used again");
        }

        return outcome.ToHashCode();
    }

    private int Ask(HttpConnection connection, int most)
    {
        HttpHead head = Now(connection.GetAsync(s_address.Uri, (0, 4), CancellationToken.None));
        Require(head.Status is >= 200 and < 1000, "a status is none");
        Require(head.Range is not { } range || (range.First >= 0 && range.Last >= range.First && range.Whole is null or >= 0), "a range is none");
        Require(head.Length is null or >= 0, "a length is none");
        Require(head.RetryAfterSeconds(s_now) is null or >= 0, "a time to wait is none");
        int redirect = head.Location is { } location ? Follow(location) : 0;
        long read = 0;
        for (int count; (count = Now(connection.ReadAsync(_body, CancellationToken.None).AsTask())) > 0;)
            read += count;
        Require(read <= most, "more was read than came");
        Require(head.IsChunked || head.Status is 204 or 304 || head.Length is null || read == head.Length, "a body has not the length that its head says");
        return HashCode.Combine(head.Status / 100, head.IsChunked, head.Length is null, connection.IsReusable, read > 0, redirect);
    }

    private static int Follow(string location)
    {
        NamedAddress to;
        try
        {
            to = s_rules.Redirect(s_address, location, IPAddress.Parse("192.0.2.1"));
        }
        catch (HttpFetchException e)
        {
            return Outcome(e.Message);
        }

        Require(to.Uri.Scheme is "http" or "https" && to.Nearest == AddressReach.World, "a redirect leads nearer than what redirects");
        Require(s_rules.Refusal(to, IPAddress.Loopback) is not null, "a redirect into the local network is followed");
        Require(to.Uri.Authority == s_address.Uri.Authority || to.Uri.UserInfo.Length == 0, "credentials of a redirect are sent");
        return 1;
    }

    // The stream completes at once, so there is no wait.
    private static T Now<T>(Task<T> task)
    {
        Require(task.IsCompleted, "it waits for something");
        return task.GetAwaiter().GetResult();
    }

    private static byte[] Input(byte pace, string replies) => [pace, .. Encoding.Latin1.GetBytes(replies)];

    /// <summary>Returns an input, some bytes at a time, and accepts all writes.</summary>
    private sealed class ReplyStream(ReadOnlyMemory<byte> input, int pace) : Stream
    {
        private ReadOnlyMemory<byte> _left = input;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int count = Math.Min(Math.Min(pace, _left.Length), buffer.Length);
            _left[..count].CopyTo(buffer);
            _left = _left[count..];
            return ValueTask.FromResult(count);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Flush()
        {
        }
    }
}
