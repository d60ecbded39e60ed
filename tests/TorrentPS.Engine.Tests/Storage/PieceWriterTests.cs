using System.Security.Cryptography;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Tests.Swarm;

namespace TorrentPS.Engine.Tests.Storage;

public sealed class PieceWriterTests : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    private SampleSwarm _swarm = null!;
    private int _freed;

    public void Dispose() => _swarm.Dispose();

    private OpenPiece Start(int pieceLength, int pieces = 2)
    {
        _swarm = new SampleSwarm(Sample.Make(pieceLength, 3, ("a", pieceLength / 2), ("b", pieces * pieceLength - pieceLength / 2 - 5)), isSeed: false);
        int segmentLength = SegmentPool.SegmentLength(pieceLength);
        OpenPiece piece = new(1, _swarm.Sample.Torrent.LengthOfPiece(1), segmentLength);
        for (; piece.ReservedSegments < piece.SegmentCount; piece.ReservedSegments++)
            Assert.True(_swarm.Pool.TryReserve(segmentLength));
        return piece;
    }

    private static byte[] Fill(SampleSwarm swarm, OpenPiece piece, int segment, int? wrongBlock = null)
    {
        PeerState peer = SwarmData.Peer(2);
        for (int block = 0; block < piece.BlockCount; block++)
        {
            if (piece.SegmentOf(block) != segment)
                continue;
            piece.AddRequester(block, peer);
            Span<byte> place = piece.Place(block, swarm.Pool);
            swarm.Sample.Piece(1).Slice(block * 16384, place.Length).Span.CopyTo(place);
            if (block == wrongBlock)
                place[^1] ^= 1;
            piece.Receive(block, peer);
        }

        return piece.TakeFullSegment()!;
    }

    private (PieceWriter Writer, Task<PieceWriter> Done) Writer(OpenPiece piece, bool wantsDigests = false)
    {
        TaskCompletionSource<PieceWriter> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return (new PieceWriter(piece.Index, piece.Kept, _swarm.Disk, _ => Interlocked.Increment(ref _freed), done.SetResult) { WantsDigests = wantsDigests }, done.Task);
    }

    private async Task<PieceWriter> WriteAsync(OpenPiece piece, int? wrongBlock = null, bool wantsDigests = false)
    {
        (PieceWriter writer, Task<PieceWriter> done) = Writer(piece, wantsDigests);
        for (int segment = 0; segment < piece.SegmentCount; segment++)
            writer.Add(Fill(_swarm, piece, segment, wrongBlock));
        await done.WaitAsync(s_limit, TestContext.Current.CancellationToken);
        await _swarm.Disk.Jobs.WhenEmptyAsync().WaitAsync(s_limit, TestContext.Current.CancellationToken);
        return writer;
    }

    private byte[] Written()
    {
        byte[] bytes = new byte[_swarm.Sample.Torrent.LengthOfPiece(1)];
        Assert.True(_swarm.Storage.TryRead(1, 0, bytes));
        return bytes;
    }

    private byte[] Digest(int block) => SHA1.HashData(_swarm.Sample.Piece(1).Span.Slice(block * 16384, Math.Min(16384, _swarm.Sample.Piece(1).Length - block * 16384)));

    [Theory]
    [InlineData(16384)]
    [InlineData(20_000)]
    [InlineData(300_000)]
    [InlineData(1 << 20)]
    public async Task A_good_piece_is_written_and_its_memory_released(int pieceLength)
    {
        PieceWriter writer = await WriteAsync(Start(pieceLength));
        Assert.True(writer.IsValid);
        Assert.Null(writer.Failure);
        Assert.Null(writer.BlockDigests);
        Assert.Equal(_swarm.Sample.Piece(1).ToArray(), Written());
        Assert.Equal(0, _swarm.Pool.Reserved);
    }

    [Fact]
    public async Task A_bad_piece_of_one_segment_is_not_written()
    {
        OpenPiece piece = Start(65536);
        PieceWriter writer = await WriteAsync(piece, wrongBlock: 2);
        Assert.False(writer.IsValid);
        Assert.Null(writer.Failure);
        Assert.All(Written(), value => Assert.Equal(0, value));
        Assert.Equal([true, true, false, true], Enumerable.Range(0, 4).Select(block => writer.BlockDigests![block].SequenceEqual(Digest(block))));
        Assert.Equal(0, _swarm.Pool.Reserved);
    }

    [Fact]
    public async Task A_bad_piece_of_several_segments_has_its_digests()
    {
        OpenPiece piece = Start(600_000);
        PieceWriter writer = await WriteAsync(piece, wrongBlock: 20);
        Assert.False(writer.IsValid);
        Assert.Equal([20], Enumerable.Range(0, piece.BlockCount).Where(block => !writer.BlockDigests![block].SequenceEqual(Digest(block))));
        Assert.Equal(0, _swarm.Pool.Reserved);
    }

    [Theory]
    [InlineData(65536)]
    [InlineData(600_000)]
    public async Task A_good_piece_has_its_digests_on_request(int pieceLength)
    {
        OpenPiece piece = Start(pieceLength);
        PieceWriter writer = await WriteAsync(piece, wantsDigests: true);
        Assert.True(writer.IsValid);
        Assert.All(Enumerable.Range(0, piece.BlockCount), block => Assert.Equal(Digest(block), writer.BlockDigests![block]));
    }

    [Fact]
    public async Task Segments_are_written_while_others_are_still_arriving()
    {
        OpenPiece piece = Start(600_000); // three segments
        (PieceWriter writer, Task<PieceWriter> done) = Writer(piece);
        for (int segment = 0; segment < 3; segment++)
        {
            Assert.False(done.IsCompleted);
            writer.Add(Fill(_swarm, piece, segment));
            await _swarm.Disk.Jobs.WhenEmptyAsync().WaitAsync(s_limit, TestContext.Current.CancellationToken);
            Assert.Equal((2 - segment) * SegmentPool.MaxSegmentLength, _swarm.Pool.Reserved);
        }

        Assert.True((await done.WaitAsync(s_limit, TestContext.Current.CancellationToken)).IsValid);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref _freed) == 2, s_limit)); // the third is reported as written
        Assert.Equal(_swarm.Sample.Piece(1).ToArray(), Written());
    }

    [Fact]
    public async Task A_cancelled_piece_is_not_written_and_its_memory_released()
    {
        OpenPiece piece = Start(600_000);
        (PieceWriter writer, Task<PieceWriter> done) = Writer(piece);
        writer.Add(Fill(_swarm, piece, 0));
        await _swarm.Disk.Jobs.WhenEmptyAsync().WaitAsync(s_limit, TestContext.Current.CancellationToken);
        writer.Cancel();
        writer.Add(Fill(_swarm, piece, 1));
        writer.Add(Fill(_swarm, piece, 2));
        await done.WaitAsync(s_limit, TestContext.Current.CancellationToken);
        await _swarm.Disk.Jobs.WhenEmptyAsync().WaitAsync(s_limit, TestContext.Current.CancellationToken);
        Assert.Equal(TorrentErrorId.DownloadStopped, writer.Failure!.ErrorId);
        Assert.False(writer.IsValid);
        Assert.All(Written().Skip(SegmentPool.MaxSegmentLength), value => Assert.Equal(0, value));
        Assert.Equal(0, _swarm.Pool.Reserved);
    }

    [Theory]
    [InlineData(65536)]
    [InlineData(600_000)]
    public async Task A_disk_failure_is_reported(int pieceLength)
    {
        OpenPiece piece = Start(pieceLength);
        _swarm.Storage.IsGone = true;
        PieceWriter writer = await WriteAsync(piece);
        Assert.Equal(TorrentErrorId.DataMismatch, writer.Failure!.ErrorId);
        Assert.Equal(0, _swarm.Pool.Reserved);
    }

    [Fact]
    public async Task A_fault_of_this_program_does_not_end_a_disk_thread()
    {
        OpenPiece piece = Start(65536);
        _swarm.Storage.WriteFault = _ => new InvalidOperationException("injected");
        PieceWriter writer = await WriteAsync(piece);
        Assert.IsType<InvalidOperationException>(writer.Fault);
        Assert.Null(writer.Failure);
        Assert.Equal(0, _swarm.Pool.Reserved);
    }
}
