using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage.Records;

/// <summary>
/// The content of a resume file: bencoded as <c>d 6:digest 32:… 5:state N:… e</c>, where the digest is the SHA-256 of the state, itself a bencoded dictionary. An
/// incomplete file, or one of another torrent, reads as null.
/// </summary>
/// <param name="Have">The verified pieces.</param>
/// <param name="Selection">Which files were selected.</param>
/// <param name="Sizes">The length of each file and, last, of the parts file; -1 if it did not matter or the file was missing.</param>
/// <param name="Times">The last write time of each, in ticks of UTC.</param>
/// <param name="Boot">The start of the system during which it was saved, if the data was not flushed before; empty if it was.</param>
internal sealed record ResumeRecord(Bitfield Have, bool[] Selection, long[] Sizes, long[] Times, string Boot)
{
    /// <summary>The maximum size of stored hashes in bytes; those of larger torrents are requested again.</summary>
    public const int MaxLayers = 8 << 20;

    private const int Version = 1;

    /// <summary>
    /// The piece hashes (BEP 52) from peers or from the data, as returned by <see cref="PieceLayers.LearntToBytes"/> and checked by <see cref="PieceLayers.Restore"/>.
    /// </summary>
    public ReadOnlyMemory<byte> Layers { get; init; }

    /// <summary>An upper bound of the length of a resume file of a torrent: longer files are not read.</summary>
    public static long MaxLength(Torrent torrent) =>
        4096 + Bitfield.ByteCount(torrent.PieceCount) + 24L * torrent.Files.Count
        + (torrent.PieceRoots is null ? 0 : Math.Min(MaxLayers, (long)torrent.PieceCount * Merkle.HashLength + 48L * torrent.Files.Count));

    public byte[] Encode(InfoHash infoHash)
    {
        ArrayBufferWriter<byte> state = new();
        BencodeWriter writer = new(state);
        writer.WriteStartDictionary();
        writer.WriteKey("boot"u8);
        writer.WriteString(Boot);
        writer.WriteKey("have"u8);
        writer.WriteString(Have.Bytes);
        writer.WriteKey("info hash"u8);
        writer.WriteString(Identity(infoHash));
        if (!Layers.IsEmpty)
        {
            writer.WriteKey("layers"u8);
            writer.WriteString(Layers.Span);
        }

        writer.WriteKey("selection"u8);
        writer.WriteString(ToBits(Selection).Bytes);
        writer.WriteKey("sizes"u8);
        writer.WriteString(ToBytes(Sizes));
        writer.WriteKey("times"u8);
        writer.WriteString(ToBytes(Times));
        writer.WriteKey("version"u8);
        writer.WriteInteger(Version);
        writer.WriteEndDictionary();

        ArrayBufferWriter<byte> file = new();
        writer = new BencodeWriter(file);
        writer.WriteStartDictionary();
        writer.WriteKey("digest"u8);
        writer.WriteString(SHA256.HashData(state.WrittenSpan));
        writer.WriteKey("state"u8);
        writer.WriteString(state.WrittenSpan);
        writer.WriteEndDictionary();
        return file.WrittenSpan.ToArray();
    }

    public static ResumeRecord? Decode(ReadOnlySpan<byte> data, Torrent torrent)
    {
        try
        {
            ReadOnlySpan<byte> digest = default;
            ReadOnlySpan<byte> state = default;
            BencodeReader reader = new(data);
            Enter(ref reader);
            while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
            {
                if (reader.ValueIsKey("digest"u8))
                    digest = NextBytes(ref reader);
                else if (reader.ValueIsKey("state"u8))
                    state = NextBytes(ref reader);
                else
                    reader.Skip();
            }

            reader.Read();
            return digest.SequenceEqual(SHA256.HashData(state)) ? DecodeState(state, torrent) : null;
        }
        catch (BencodeException)
        {
            return null;
        }
    }

    private static ResumeRecord? DecodeState(ReadOnlySpan<byte> data, Torrent torrent)
    {
        long version = 0;
        string? boot = null;
        ReadOnlySpan<byte> have = default, infoHash = default, layers = default, selection = default, sizes = default, times = default;
        BencodeReader reader = new(data);
        Enter(ref reader);
        while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
        {
            if (reader.ValueIsKey("version"u8))
            {
                reader.Read();
                version = reader.GetInt64();
            }
            else if (reader.ValueIsKey("boot"u8))
            {
                reader.Read();
                boot = reader.GetString();
            }
            else if (reader.ValueIsKey("have"u8))
                have = NextBytes(ref reader);
            else if (reader.ValueIsKey("info hash"u8))
                infoHash = NextBytes(ref reader);
            else if (reader.ValueIsKey("layers"u8))
                layers = NextBytes(ref reader);
            else if (reader.ValueIsKey("selection"u8))
                selection = NextBytes(ref reader);
            else if (reader.ValueIsKey("sizes"u8))
                sizes = NextBytes(ref reader);
            else if (reader.ValueIsKey("times"u8))
                times = NextBytes(ref reader);
            else
                reader.Skip();
        }

        int files = torrent.Files.Count;
        int row = (files + 1) * sizeof(long);
        if (version != Version || boot is null || !infoHash.SequenceEqual(Identity(torrent.InfoHash)) || sizes.Length != row || times.Length != row
            || !Bitfield.TryCreate(have, torrent.PieceCount, out Bitfield pieces) || !Bitfield.TryCreate(selection, files, out Bitfield wanted))
            return null;
        bool[] flags = new bool[files];
        for (int i = 0; i < files; i++)
            flags[i] = wanted[i];
        return new ResumeRecord(pieces, flags, FromBytes(sizes), FromBytes(times), boot) { Layers = layers.ToArray() };
    }

    private static void Enter(ref BencodeReader reader)
    {
        reader.Read();
        if (reader.TokenType != BencodeTokenType.StartDictionary)
            throw new BencodeException("The resume data is not a dictionary", reader.TokenStart);
    }

    private static ReadOnlySpan<byte> NextBytes(scoped ref BencodeReader reader)
    {
        reader.Read();
        return reader.GetBytes();
    }

    private static byte[] Identity(InfoHash infoHash) => [.. infoHash.V1, .. infoHash.V2];

    private static Bitfield ToBits(bool[] flags)
    {
        Bitfield bits = new(flags.Length);
        for (int i = 0; i < flags.Length; i++)
        {
            if (flags[i])
                bits.Add(i);
        }

        return bits;
    }

    private static byte[] ToBytes(long[] values)
    {
        byte[] bytes = new byte[values.Length * sizeof(long)];
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(i * sizeof(long)), values[i]);
        return bytes;
    }

    private static long[] FromBytes(ReadOnlySpan<byte> bytes)
    {
        long[] values = new long[bytes.Length / sizeof(long)];
        for (int i = 0; i < values.Length; i++)
            values[i] = BinaryPrimitives.ReadInt64BigEndian(bytes[(i * sizeof(long))..]);
        return values;
    }
}
