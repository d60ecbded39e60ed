using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>Whatever the files and the order of writes, every byte is written to its place.</summary>
public sealed class DataStorePropertyTests
{
    internal sealed record Case(int PieceLength, int[] Lengths, bool[] Wanted, bool[] Padding, int Seed)
    {
        public override string ToString() =>
            $"pieces of {PieceLength}; files {string.Join(", ", Lengths.Select((length, i) => $"{length}{(Padding[i] ? "p" : Wanted[i] ? "w" : "")}"))}; seed {Seed}";
    }

    [Property(MaxTest = 150)]
    public Property Written_pieces_are_the_files() => Prop.ForAll(Cases(), Check);

    private static Arbitrary<Case> Cases()
    {
        Gen<Case> cases =
            from pieceLength in Gen.Elements(1, 3, 16, 64, 1000)
            from count in Gen.Choose(1, 12)
            from lengths in Gen.ArrayOf(Gen.Frequency((2, Gen.Constant(0)), (5, Gen.Choose(1, 20)), (3, Gen.Choose(1, 300)), (1, Gen.Constant(pieceLength))), count)
            from wanted in Gen.ArrayOf(Gen.Frequency((2, Gen.Constant(true)), (1, Gen.Constant(false))), count)
            from padding in Gen.ArrayOf(Gen.Frequency((1, Gen.Constant(true)), (5, Gen.Constant(false))), count)
            from seed in Gen.Choose(0, int.MaxValue - 1)
            where lengths.Sum() > 0
            select new Case(pieceLength, lengths, wanted, padding, seed);
        return cases.ToArbitrary();
    }

    private static bool Check(Case value)
    {
        using TemporaryFolder folder = new();
        bool single = value.Lengths.Length == 1;
        Sample sample = Sample.Make(value.PieceLength, value.Seed, [.. value.Lengths.Select((length, i) =>
            ($"d{i % 3}/ä{i}" + (value.Padding[i] && !single ? "pad" : ""), length))]);
        Torrent torrent = sample.Torrent;
        Random random = new(value.Seed);
        using (DataStore store = new(torrent, folder.Path, value.Wanted))
        {
            store.Prepare();
            WriteInRandomOrder(sample, store, random);
            CheckReads(sample, store, random);
            Bitfield good = store.VerifyAsync(_ => true, null, CancellationToken.None).GetAwaiter().GetResult();
            for (int piece = 0; piece < torrent.PieceCount; piece++)
            {
                if (store.WantedPieces[piece])
                    Assert.True(good[piece], $"piece {piece} does not verify");
            }

            Assert.Equal(store.BytesWanted, Enumerable.Range(0, torrent.PieceCount).Sum(store.BytesWantedIn));
        }

        foreach (TorrentFile file in torrent.Files)
        {
            string path = folder[file.Path];
            if (value.Wanted[file.Index] && !file.IsPadding)
                Assert.Equal(sample.File(file.Index), SharedFile.ReadAllBytes(path));
            else
                Assert.False(Path.Exists(path), $"{file} exists");
        }

        return true;
    }

    private static void WriteInRandomOrder(Sample sample, DataStore store, Random random)
    {
        int[] order = [.. Enumerable.Range(0, sample.Torrent.PieceCount).Where(piece => store.WantedPieces[piece])];
        random.Shuffle(order);
        foreach (int piece in order)
        {
            ReadOnlyMemory<byte> bytes = sample.Piece(piece);
            int split = random.Next(bytes.Length + 1);
            if (split < bytes.Length)
                store.Write(piece, split, Buffers(bytes[split..], random));
            if (split > 0)
                store.Write(piece, 0, Buffers(bytes[..split], random));
        }
    }

    private static List<ReadOnlyMemory<byte>> Buffers(ReadOnlyMemory<byte> bytes, Random random)
    {
        List<ReadOnlyMemory<byte>> buffers = [];
        while (!bytes.IsEmpty)
        {
            int length = random.Next(Math.Min(bytes.Length, 40) + 1);
            buffers.Add(bytes[..length]);
            bytes = bytes[length..];
        }

        return buffers;
    }

    private static void CheckReads(Sample sample, DataStore store, Random random)
    {
        for (int piece = 0; piece < sample.Torrent.PieceCount; piece++)
        {
            if (!store.WantedPieces[piece])
                continue;
            int length = sample.Torrent.LengthOfPiece(piece);
            int begin = random.Next(length);
            byte[] read = new byte[random.Next(length - begin + 1)];
            Assert.True(store.TryRead(piece, begin, read));
            Assert.Equal(sample.Piece(piece).Span.Slice(begin, read.Length), read);
        }
    }
}
