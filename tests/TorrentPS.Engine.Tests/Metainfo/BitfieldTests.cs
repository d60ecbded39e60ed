using FsCheck.Xunit;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

public sealed class BitfieldTests
{
    [Property(MaxTest = 200)]
    public void Is_a_set_of_pieces_in_wire_order(int seed)
    {
        Random random = new(seed);
        int length = random.Next(1, 300);
        Bitfield set = new(length);
        HashSet<int> model = [];
        for (int step = 0; step < 200; step++)
        {
            int piece = random.Next(length);
            if (random.Next(3) > 0)
                Assert.Equal(model.Add(piece), set.Add(piece));
            else
                Assert.Equal(model.Remove(piece), set.Remove(piece));
        }

        Assert.Equal(model.Count, set.Count);
        byte[] bytes = new byte[(length + 7) / 8];
        foreach (int piece in model)
            bytes[piece / 8] |= (byte)(0x80 >> (piece % 8));
        Assert.Equal(bytes, set.Bytes.ToArray());
        Assert.True(Bitfield.TryCreate(bytes, length, out Bitfield read));
        Assert.Equal(model.Order(), Enumerable.Range(0, length).Where(piece => read[piece]));
        Assert.Equal(model.Count, read.Count);

        Bitfield other = new(length);
        int common = 0;
        for (int piece = 0; piece < length; piece++)
        {
            if (random.Next(2) == 0 && other.Add(piece) && model.Contains(piece))
                common++;
        }

        Assert.Equal(common, set.CountCommon(other));
    }

    [Property(MaxTest = 200)]
    public void Words_name_the_pieces_that_are_in_the_set(int seed)
    {
        Random random = new(seed);
        int length = random.Next(1, 300);
        Bitfield set = new(length);
        for (int i = random.Next(length); i >= 0; i--)
            set.Add(random.Next(length));
        List<int> found = [];
        for (int word = 0; word < set.Words.Length; word++)
        {
            ulong bits = set.Words[word];
            if (bits == 0)
                continue;
            Assert.Equal(Enumerable.Range(word * 64, 64).First(piece => set[piece]), Bitfield.FirstPiece(word, bits));
            for (int bit = 0; bit < 64; bit++)
            {
                if ((bits >> bit & 1) != 0)
                    found.Add(Bitfield.PieceAt(word, bit));
            }
        }

        Assert.Equal(Enumerable.Range(0, length).Where(piece => set[piece]), found.Order());
        Assert.All(found, piece => Assert.Equal(Bitfield.Bit(piece), set.Words[piece / 64] & Bitfield.Bit(piece)));
    }

    [Property(MaxTest = 200)]
    public void Each_and_any_piece_of_the_set_is_found(int seed)
    {
        Random random = new(seed);
        int length = random.Next(1, 400);
        Bitfield set = new(length);
        for (int i = random.Next(6); i > 0; i--)
            set.Add(random.Next(length));
        int[] pieces = [.. Enumerable.Range(0, length).Where(piece => set[piece])];
        Assert.Equal(pieces, set.All().Order());
        for (int i = 0; i < 50; i++)
        {
            int from = random.Next(length), end = random.Next(from, length + 1);
            Assert.Equal(pieces.Any(piece => piece >= from && piece < end), set.HasAny(from, end));
        }
    }

    [Fact]
    public void Only_a_bitfield_of_the_right_length_without_spare_bits_is_accepted()
    {
        Assert.True(Bitfield.TryCreate([0xFF, 0xE0], 11, out _));
        Assert.False(Bitfield.TryCreate([0xFF, 0xF0], 11, out _));
        Assert.False(Bitfield.TryCreate([0xFF, 0xE1], 11, out _));
        Assert.False(Bitfield.TryCreate([0xFF], 11, out _));
        Assert.False(Bitfield.TryCreate([0xFF, 0xE0, 0], 11, out _));
        Assert.True(Bitfield.TryCreate([0xFF], 8, out Bitfield full));
        Assert.True(full.IsFull);
        Assert.True(Bitfield.TryCreate([], 0, out Bitfield none));
        Assert.True(none.IsEmpty && none.IsFull);
    }

    [Fact]
    public void No_piece_is_outside()
    {
        Bitfield set = new(10);
        Assert.All((int[])[-1, 10, int.MaxValue, int.MinValue], index =>
        {
            Assert.Throws<ArgumentOutOfRangeException>(nameof(index), () => set[index]);
            Assert.Throws<ArgumentOutOfRangeException>(nameof(index), () => set.Add(index));
            Assert.Throws<ArgumentOutOfRangeException>(nameof(index), () => set.Remove(index));
        });
        Assert.Throws<ArgumentOutOfRangeException>("length", () => new Bitfield(-1));
        Assert.Equal((1 << 28, 1 << 25), (Bitfield.ByteCount(int.MaxValue), Bitfield.WordCount(int.MaxValue)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(200)]
    public void A_full_set_has_no_bit_beyond_the_end(int length)
    {
        Bitfield set = new(length);
        set.AddAll();
        Assert.True(set.IsFull);
        Assert.True(Bitfield.TryCreate(set.Bytes, length, out Bitfield read));
        Assert.True(read.IsFull);
        Assert.Equal(length, set.Clone().Count);
        set.Clear();
        Assert.True(set.IsEmpty);
        Assert.False(set[length - 1]);
    }

    [Fact]
    public void The_difference_of_two_sets()
    {
        Bitfield one = new(130), other = new(130), difference = new(130);
        foreach (int piece in (int[])[0, 63, 64, 129])
            one.Add(piece);
        foreach (int piece in (int[])[63, 65, 129])
            other.Add(piece);
        difference.Add(7);
        difference.SetDifference(one, other);
        Assert.Equal([0, 64], difference.All().Order());
        Assert.Equal(2, difference.Count);
    }
}
