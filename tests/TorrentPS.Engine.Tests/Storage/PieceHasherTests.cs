using System.Text;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

public sealed class PieceHasherTests
{
    [Theory]
    [InlineData("da39a3ee5e6b4b0d3255bfef95601890afd80709", "")]
    [InlineData("a9993e364706816aba3e25717850c26c9cd0d89d", "a", "", "bc")]
    [InlineData("84983e441c3bd26ebaae4aa1f95129e5e54670f1", "abcdbcdecdefdefgefghfghighij", "hijkijkljklmklmnlmnomnopnopq")]
    public void Consecutive_buffers_are_hashed(string expected, params string[] texts)
    {
        byte[] hash = new byte[20];
        for (int i = 0; i < 2; i++)
        {
            PieceHasher.Sha1([.. texts.Select(text => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(text))], hash);
            Assert.Equal(expected, Convert.ToHexStringLower(hash));
        }
    }
}
