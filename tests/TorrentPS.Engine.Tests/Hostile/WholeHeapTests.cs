using System.IO.Compression;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Tests.Discovery;
using TorrentPS.Engine.Tests.Http;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Swarm;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Tests.Hostile;

/// <summary>Tests that measure the heap of the whole process; no other test runs meanwhile.</summary>
[Collection(nameof(WholeHeapTests))]
[CollectionDefinition(nameof(WholeHeapTests), DisableParallelization = true)]
public sealed class WholeHeapTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task A_decompression_bomb_is_refused(string encoding)
    {
        using var packed = new MemoryStream();
        using (Stream stream = encoding == "gzip" ? new GZipStream(packed, CompressionLevel.SmallestSize, true) : new ZLibStream(packed, CompressionLevel.SmallestSize, true))
        {
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < 256; i++) // 256 MiB in some 250 KiB
                stream.Write(zeros);
        }

        using var server = new ScriptedHttpServer(_ => ScriptedHttpServer.Reply(packed.ToArray(), headers: $"Content-Encoding: {encoding}\r\n"));
        var tracker = new HttpTracker(server.Announce, new HttpFetch(TimeProvider.System));
        long before = GC.GetTotalAllocatedBytes();
        TorrentException failure = await Assert.ThrowsAsync<TorrentException>(() => tracker.AnnounceAsync(DiscoveryData.Request(), Token));
        Assert.Contains("longer than 1048576 bytes", failure.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 64L << 20);
    }

    /// <summary>Thirty of a hundred peers are hostile, of every kind. Liars send before any honest peer does, so every lie is in a piece.</summary>
    [Fact]
    public async Task With_thirty_of_a_hundred_peers_hostile_a_download_completes()
    {
        const long BufferLimit = 8L << 20;
        Sample sample = Sample.Make(256 * 1024, 22, ("data.bin", (24 << 20) - 4321));
        HostileKind[] kinds = [.. Enum.GetValues<HostileKind>().Where(kind => kind != HostileKind.ClosesAtOnce)];
        Assert.Equal(30, kinds.Length);
        List<HostilePeer> hostile = [.. kinds.Select(kind => new HostilePeer(sample, kind))];
        HostilePeer[] liars = [.. hostile.Where(peer => peer.Kind is HostileKind.WrongData or HostileKind.WrongDataInOneBlockOfHundred)];
        Task lied = Task.WhenAll(liars.Select(peer => peer.Lied));
        List<ScriptedSeed> honest = [.. Enumerable.Range(0, 70).Select(_ => new ScriptedSeed(sample) { Begin = lied })];
        GC.Collect();
        long before = GC.GetTotalMemory(true);
        long most = 0;
        try
        {
            await using SwarmMember leecher = SwarmMember.Download(sample.Torrent, null, [.. hostile.Select(peer => peer.EndPoint), .. honest.Select(peer => peer.EndPoint)],
                client: new TorrentClientOptions { BufferLimit = BufferLimit, ConnectionsPerSecond = 1000 });
            while (!leecher.Result.IsCompleted)
            {
                most = Math.Max(most, GC.GetTotalMemory(false) - before);
                await Task.WhenAny(leecher.Result, Task.Delay(20, Token));
            }

            TorrentDownload result = await leecher.EndAsync();
            Assert.True(result.State == TorrentState.Completed, $"{result.State}: {result.Error}\n{leecher.LogText}");
            byte[] data = SharedFile.ReadAllBytes(result.Path);
            Assert.True(data.AsSpan().SequenceEqual(sample.Content));
            foreach (HostilePeer liar in liars)
                Assert.Contains($"{liar.EndPoint} is banned", leecher.LogText, StringComparison.Ordinal);
            foreach (ScriptedSeed peer in honest)
                Assert.DoesNotContain($"{peer.EndPoint} is banned", leecher.LogText, StringComparison.Ordinal);
            Assert.All(honest, peer => Assert.InRange(peer.Connections, 0, 1));
            // Buffers, the receive buffers of a hundred sessions, and the hundred peers themselves, which are also in this process.
            Assert.InRange(most, 0, BufferLimit + (96L << 20));
            TestContext.Current.TestOutputHelper?.WriteLine($"At most {most / 1048576.0:0.0} MiB of heap; {result.Wasted} bytes wasted in {result.Elapsed}.");
        }
        finally
        {
            foreach (IDisposable peer in (IEnumerable<IDisposable>)[.. hostile, .. honest])
                peer.Dispose();
        }
    }
}
