using System.Net;
using System.Text;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Swarm.WebSeeds;
using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Swarm.WebSeeds;

/// <summary>Addresses, answers and runs of blocks.</summary>
public sealed class WebSeedPartsTests
{
    private static readonly Sample s_single = Sample.Make(16384, 1, ("a b.iso", 40_000));
    private static readonly Sample s_files = Sample.Make(16384, 1, ("x/a+b", 1), ("y", 1));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http://h.example/dir/", "http://h.example/dir/a%20b.iso")]
    [InlineData("http://h.example/dir/other.iso", "http://h.example/dir/other.iso")]
    [InlineData("https://user:pw@h.example:8443/", "https://user:pw@h.example:8443/a%20b.iso")]
    [InlineData("http://h.example/get?id=7", "http://h.example/get?id=7")]
    public void The_address_of_the_only_file(string seed, string expected) =>
        Assert.Equal(expected, WebSeedAddress.OfFile(new Uri(seed), s_single.Torrent, 0).AbsoluteUri);

    [Theory]
    [InlineData("http://h.example/dir/", "http://h.example/dir/T/x/a%2Bb")]
    [InlineData("http://h.example/dir", "http://h.example/dir/T/x/a%2Bb")]
    [InlineData("http://h.example", "http://h.example/T/x/a%2Bb")]
    public void The_address_of_one_of_many_files(string seed, string expected) =>
        Assert.Equal(expected, WebSeedAddress.OfFile(new Uri(seed), s_files.Torrent, 0).AbsoluteUri);

    [Fact]
    public void The_address_of_a_piece()
    {
        Torrent torrent = new()
        {
            Name = "n",
            InfoHash = InfoHash.Create([.. Enumerable.Range(0x20, 20).Select(value => (byte)value)]),
            Version = TorrentVersion.V1,
            PieceLength = 16384,
            Length = 1,
            PieceCount = 1,
            Files = [],
            IsSingleFile = true,
            InfoBytes = ReadOnlyMemory<byte>.Empty,
        };
        string whole = WebSeedAddress.OfPiece(new Uri("http://h.example/seed.php"), torrent, 7, null).AbsoluteUri;
        Assert.StartsWith("http://h.example/seed.php?info_hash=%20%21%22", whole, StringComparison.Ordinal);
        Assert.EndsWith("&piece=7", whole, StringComparison.Ordinal);
        Assert.EndsWith("&piece=7&ranges=16384-32767", WebSeedAddress.OfPiece(new Uri("http://h.example/seed.php"), torrent, 7, (16384, 32767)).AbsoluteUri, StringComparison.Ordinal);
        Assert.StartsWith("http://h.example/s?a=1&info_hash=", WebSeedAddress.OfPiece(new Uri("http://h.example/s?a=1"), torrent, 7, null).AbsoluteUri, StringComparison.Ordinal);
    }

    private static async Task<(HttpHead Head, byte[] Body, bool IsReusable)> GetAsync(string answer)
    {
        using var stream = new AnswerStream(Encoding.Latin1.GetBytes(answer));
        using var connection = new HttpConnection(stream, IPAddress.Loopback);
        HttpHead head = await connection.GetAsync(new Uri("http://h.example/f"), (5, 9), Token);
        var body = new MemoryStream();
        byte[] buffer = new byte[3];
        for (int count; (count = await connection.ReadAsync(buffer, Token)) > 0;)
            body.Write(buffer, 0, count);
        return (head, body.ToArray(), connection.IsReusable);
    }

    [Fact]
    public async Task A_part_of_a_file()
    {
        (HttpHead head, byte[] body, bool isReusable) = await GetAsync("HTTP/1.1 206 Partial Content\r\ncontent-length: 5\r\nContent-Range: bytes 5-9/1000\r\nRetry-After: 7\r\n\r\nHello");
        Assert.Equal((206, 5, (5, 9, 1000), true), (head.Status, head.Length, head.Range, isReusable));
        Assert.Equal("Hello"u8.ToArray(), body);
        Assert.Equal(7, head.RetryAfterSeconds(DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public async Task Chunked_bodies_and_those_that_end_with_the_connection_are_read()
    {
        (HttpHead head, byte[] body, bool isReusable) = await GetAsync("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n6;x=y\r\n World\r\n0\r\nA: b\r\n\r\n");
        Assert.Equal((200, "Hello World", true), (head.Status, Encoding.ASCII.GetString(body), isReusable));
        (_, body, isReusable) = await GetAsync("HTTP/1.0 200 OK\r\n\r\nHello");
        Assert.Equal(("Hello", false), (Encoding.ASCII.GetString(body), isReusable));
        (_, body, isReusable) = await GetAsync("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(("", false), (Encoding.ASCII.GetString(body), isReusable));
    }

    [Theory]
    [InlineData("SSH-2.0-x\r\n\r\n")]
    [InlineData("HTTP/1.1 20\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")]
    [InlineData("HTTP/1.1 206 OK\r\nContent-Range: bytes 9-5/10\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n")]
    [InlineData("HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n")]
    public async Task A_reply_that_is_not_HTTP_is_refused(string answer) => await Assert.ThrowsAsync<InvalidDataException>(() => GetAsync(answer));

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHel")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHel")]
    public async Task An_interrupted_piece_is_discarded(string answer) => await Assert.ThrowsAsync<IOException>(() => GetAsync(answer));

    [Fact]
    public async Task A_head_is_limited() =>
        await Assert.ThrowsAsync<InvalidDataException>(() => GetAsync("HTTP/1.1 200 OK\r\nA: " + new string('x', 20_000) + "\r\n\r\n"));

    [Fact]
    public void Times_to_wait()
    {
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(10, new HttpHead { Status = 503, RetryAfter = "Thu, 01 Jan 2026 00:00:10 GMT" }.RetryAfterSeconds(now));
        Assert.Equal(0, new HttpHead { Status = 503, RetryAfter = "Thu, 01 Jan 2004 00:00:00 GMT" }.RetryAfterSeconds(now));
        Assert.Null(new HttpHead { Status = 503, RetryAfter = "soon" }.RetryAfterSeconds(now));
        Assert.Null(new HttpHead { Status = 503 }.RetryAfterSeconds(now));
    }

    private static List<(int, int)> Run(PiecePicker picker, PeerState source, int from, long length)
    {
        List<Outstanding> run = [];
        Assert.True(picker.Runs.TryClaim(source, from, length, run));
        return [.. run.Select(item => (item.Piece.Index, item.Block))];
    }

    [Fact]
    public void Runs_of_blocks_are_consecutive_and_take_memory_only_when_they_arrive()
    {
        SegmentPool pool = new(0);
        PiecePicker picker = new(SwarmData.Pieces(10, blocks: 2), pool, SwarmData.All(10), SwarmData.Set(10, 4), false, new Random(1));
        PeerState source = SwarmData.Seed(10), peer = SwarmData.Seed(10), other = SwarmData.Seed(10);
        Assert.Equal([(6, 0), (6, 1), (7, 0), (7, 1)], Run(picker, source, 6, 4 * 16384));
        Assert.Equal(0, pool.Reserved);
        Assert.Equal([(2, 0), (2, 1), (3, 0), (3, 1)], Run(picker, source, 2, 100 * 16384)); // up to the complete piece
        Assert.Equal([(8, 0), (8, 1)], Run(picker, other, 8, 1)); // at least a piece
        Assert.Equal([(9, 0), (9, 1)], Run(picker, other, 9, 1));
        Assert.Equal([(0, 0), (0, 1), (1, 0), (1, 1)], Run(picker, other, 9, 100 * 16384)); // and from the beginning again
        Assert.Equal([(5, 0), (5, 1)], Run(picker, other, 9, 100 * 16384));
        List<Outstanding> none = [];
        Assert.False(picker.Runs.TryClaim(source, 0, 1, none));
        Assert.False(picker.TryPick(peer, out _));
        picker.Release(other, new Outstanding(picker.Open.Single(piece => piece.Index == 9), 1));
        picker.Disown(other);
        Assert.Equal([(9, 1)], Run(picker, source, 0, 1)); // the rest
    }

    [Fact]
    public void Memory_is_reserved_in_order()
    {
        SegmentPool pool = new(0); // eight segments
        PiecePicker picker = new(SwarmData.Pieces(2, blocks: 160), pool, SwarmData.All(2), new Bitfield(2), true, new Random(1)); // ten segments per piece
        PeerState source = SwarmData.Seed(2);
        List<Outstanding> run = [];
        Assert.True(picker.Runs.TryClaim(source, 0, 1, run));
        OpenPiece piece = run[0].Piece;
        Assert.True(picker.TryReserveFor(piece, 17));
        Assert.Equal((2, 2L * SegmentPool.MaxSegmentLength), (piece.ReservedSegments, pool.Reserved));
        Assert.False(picker.TryReserveFor(piece, 159));
        Assert.Equal(2L * SegmentPool.MaxSegmentLength, pool.Reserved);
        picker.AbandonAll();
        Assert.Equal(0, pool.Reserved);
    }

    [Fact]
    public void An_unrequested_block_is_accepted_when_it_is_missing()
    {
        PiecePicker picker = new(SwarmData.Pieces(4, blocks: 2), new SegmentPool(0), SwarmData.All(4), SwarmData.Set(4, 3), true, new Random(1));
        PeerState source = SwarmData.Seed(4);
        Assert.False(picker.Runs.TryTakeUnasked(3, 0, source, out _));
        Assert.True(picker.Runs.TryTakeUnasked(1, 1, source, out Outstanding item));
        Assert.Equal((1, 1), (item.Piece.Index, item.Block));
        item.Piece.Receive(1, source);
        Assert.False(picker.Runs.TryTakeUnasked(1, 1, source, out _));
    }

    /// <summary>Accepts all writes and answers a few bytes at a time.</summary>
    private sealed class AnswerStream(byte[] answer) : Stream
    {
        private int _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int count = Math.Min(Math.Min(buffer.Length, 7), answer.Length - _position);
            answer.AsSpan(_position, count).CopyTo(buffer);
            _position += count;
            return count;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public override void Write(byte[] buffer, int offset, int count)
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
