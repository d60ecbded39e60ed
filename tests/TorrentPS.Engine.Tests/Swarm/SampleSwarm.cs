using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Testing;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>The torrent of a tested connection: records all calls.</summary>
internal sealed class SampleSwarm : FakeSwarm, IDisposable
{
    public SampleSwarm(Sample sample, bool isSeed, long downloadLimit = 0, long uploadLimit = 0)
        : this(sample.Torrent, isSeed ? sample.Content : default, isSeed, downloadLimit, uploadLimit, new FakeTimeProvider()) => Sample = sample;

    /// <summary>A torrent whose data is all zeros.</summary>
    public SampleSwarm(Torrent torrent, bool isSeed, long downloadLimit = 0, long uploadLimit = 0)
        : this(torrent, default, isSeed, downloadLimit, uploadLimit, new FakeTimeProvider())
    {
    }

    private SampleSwarm(Torrent torrent, ReadOnlyMemory<byte> content, bool isSeed, long downloadLimit, long uploadLimit, FakeTimeProvider time)
        : base(DiskOf(torrent, content, isSeed), isSeed ? SwarmData.All(torrent.PieceCount) : new Bitfield(torrent.PieceCount), time, downloadLimit, uploadLimit)
    {
        Time = time;
        Notes = true;
    }

    public Sample Sample { get; } = null!;

    public FakeTimeProvider Time { get; }

    public MemoryStorage Storage => (MemoryStorage)Disk.Storage;

    private static PieceDisk DiskOf(Torrent torrent, ReadOnlyMemory<byte> content, bool isSeed) => new(
        isSeed ? MemoryStorage.Of(torrent, content) : new MemoryStorage(torrent),
        new PieceHashes(torrent, PieceLayers.Of(torrent)), new DiskQueue(1), new DiskTally(), new SegmentPool(0));

    public void Dispose()
    {
        Disk.Queue.Dispose();
        Disk.Storage.Dispose();
    }
}
