using FsCheck.Xunit;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

public sealed class BitfieldTests
{
    [Property(MaxTest = 200)]
    public void Is_a_set_of_pieces_in_the_order_of_the_wire(int seed)
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

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(200)]
    public void All_of_it_has_no_bit_behind_the_end(int length)
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
}
