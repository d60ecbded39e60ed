namespace TorrentPS.Engine.Metainfo;

/// <summary>Base32 (RFC 4648), the encoding of info hashes in old magnet links (BEP 9).</summary>
internal static class Base32
{
    /// <summary>Decodes the digits, in either case; false if there is another character.</summary>
    /// <param name="text">Digits without padding, 8 for 5 bytes.</param>
    /// <param name="bytes">Receives the bytes: five eighths of the number of digits.</param>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        int bits = 0;
        int count = 0;
        int at = 0;
        foreach (char c in text)
        {
            int digit = c switch
            {
                >= 'A' and <= 'Z' => c - 'A',
                >= 'a' and <= 'z' => c - 'a',
                >= '2' and <= '7' => c - '2' + 26,
                _ => -1,
            };
            if (digit < 0)
                return false;
            bits = (bits << 5) | digit;
            count += 5;
            if (count < 8)
                continue;
            count -= 8;
            bytes[at++] = (byte)(bits >> count);
            bits &= (1 << count) - 1;
        }
        return at == bytes.Length && count == 0;
    }
}
