using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Records;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>A resume file, as it is and with a corrected digest, as in a forged file.</summary>
internal sealed class ResumeTarget : FuzzTarget
{
    private static readonly Torrent s_torrent = Torrent.Parse(Encoding.Latin1.GetBytes(
        $"d4:infod5:filesld6:lengthi50000e4:pathl1:aeed6:lengthi30000e4:pathl1:beee4:name1:T12:piece lengthi16384e6:pieces100:{new string('h', 100)}ee"));

    private static readonly Torrent s_version2 = Torrent.Parse(Encoding.Latin1.GetBytes(
        $"d4:infod9:file treed1:ad0:d6:lengthi50000e11:pieces root32:{new string('r', 32)}eee12:meta versioni2e4:name1:T12:piece lengthi16384eee"));

    public ResumeTarget()
    {
        var have = new Bitfield(s_torrent.PieceCount);
        have.Add(1);
        byte[] file = new ResumeRecord(have, [true, false], [1, 2, -1], [4, 5, 6], "boot").Encode(s_torrent.InfoHash);
        byte[] layers = [.. "d32:"u8, .. Enumerable.Repeat((byte)'r', 32), .. "128:"u8, .. new byte[128], (byte)'e'];
        byte[] second = new ResumeRecord(have, [true, false], [1, 2, -1], [4, 5, 6], "boot") { Layers = layers }.Encode(s_torrent.InfoHash);
        Seeds = [file, State(file), State(second)];
    }

    public override string Name => "resume";

    public override string Description => "resume files and notes of seeds";

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override IReadOnlyList<string> Words => ["digest", "state", "boot", "have", "info hash", "selection", "sizes", "times", "version", "layers"];

    public override int Try(byte[] input)
    {
        _ = ResumeRecord.Decode(input, s_torrent);
        if (ResumeRecord.Decode(WithDigest(input), s_torrent) is not { } record)
            return 0;
        Require(record.Have.Length == s_torrent.PieceCount && record.Selection.Length == 2 && record.Sizes.Length == 3 && record.Times.Length == 3, "the record does not fit the torrent");
        ResumeRecord again = ResumeRecord.Decode(record.Encode(s_torrent.InfoHash), s_torrent)!;
        Require(again.Have.Bytes.SequenceEqual(record.Have.Bytes) && again.Sizes.AsSpan().SequenceEqual(record.Sizes) && again.Times.AsSpan().SequenceEqual(record.Times) && again.Boot == record.Boot && again.Layers.Span.SequenceEqual(record.Layers.Span), "what was read is written differently");
        try
        {
            new PieceLayers(s_version2).Restore(record.Layers);
        }
        catch (TorrentException)
        {
            // They do not belong to the torrent.
        }

        return HashCode.Combine(record.Have.Count, record.Boot.Length == 0, record.Selection[0], record.Selection[1]);
    }

    private static byte[] WithDigest(byte[] state)
    {
        var output = new ArrayBufferWriter<byte>(state.Length + 100);
        var writer = new BencodeWriter(output);
        writer.WriteStartDictionary();
        writer.WriteKey("digest"u8);
        writer.WriteString(SHA256.HashData(state));
        writer.WriteKey("state"u8);
        writer.WriteString(state);
        writer.WriteEndDictionary();
        return output.WrittenSpan.ToArray();
    }

    private static byte[] State(byte[] file)
    {
        var reader = new BencodeReader(file);
        while (reader.Read() && !reader.ValueIsKey("state"u8))
            continue;
        reader.Read();
        return reader.GetBytes().ToArray();
    }
}
