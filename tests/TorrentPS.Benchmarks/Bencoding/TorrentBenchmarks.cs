using BenchmarkDotNet.Attributes;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Benchmarks.Bencoding;

/// <summary>Reading and writing the largest .torrent files.</summary>
[MemoryDiagnoser]
public class TorrentBenchmarks
{
    private TorrentBuilder _builder = null!;
    private byte[] _bytes = [];

    /// <summary>10 MB of piece hashes, or 100,000 files.</summary>
    public enum Shape
    {
        Pieces10MB,
        Files100000,
    }

    [Params(Shape.Pieces10MB, Shape.Files100000)]
    public Shape Torrent { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _builder = Torrent == Shape.Pieces10MB ? SampleTorrents.ManyPieces() : SampleTorrents.ManyFiles();
        _bytes = _builder.Build();
    }

    /// <summary>Every token, without results.</summary>
    [Benchmark]
    public int Read()
    {
        var reader = new BencodeReader(_bytes);
        int tokens = 0;
        while (reader.Read())
            tokens++;
        return tokens;
    }

    [Benchmark]
    public Torrent Parse() => Engine.Metainfo.Torrent.Parse(_bytes);

    [Benchmark]
    public byte[] Build() => _builder.Build();
}
