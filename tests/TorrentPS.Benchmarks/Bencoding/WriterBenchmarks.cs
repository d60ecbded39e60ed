using System.Buffers;
using BenchmarkDotNet.Attributes;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Benchmarks.Bencoding;

/// <summary>The writer alone: the files of a torrent of 100,000, into preallocated memory.</summary>
[MemoryDiagnoser]
public class WriterBenchmarks
{
    private const int Files = 100_000;

    private readonly ArrayBufferWriter<byte> _output = new(16 << 20);
    private readonly string[] _names = [.. Enumerable.Range(0, Files).Select(i => $"file {i:000000}.bin")];

    [Benchmark(OperationsPerInvoke = Files)]
    public long WriteFileEntry()
    {
        _output.ResetWrittenCount();
        var writer = new BencodeWriter(_output);
        writer.WriteStartList();
        for (int i = 0; i < _names.Length; i++)
        {
            writer.WriteStartDictionary();
            writer.WriteKey("length"u8);
            writer.WriteInteger(20_000 + i);
            writer.WriteKey("path"u8);
            writer.WriteStartList();
            writer.WriteString("folder"u8);
            writer.WriteString(_names[i]);
            writer.WriteEndList();
            writer.WriteEndDictionary();
        }

        writer.WriteEndList();
        return writer.BytesWritten;
    }
}
