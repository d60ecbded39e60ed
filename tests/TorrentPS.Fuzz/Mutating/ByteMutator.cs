using System.Globalization;
using System.Text;

namespace TorrentPS.Fuzz.Mutating;

/// <summary>Mutates plain bytes: bits, numbers, runs; and inserts parts of another input.</summary>
internal sealed class ByteMutator(Random random, byte[][] words)
{
    private static readonly long[] s_numbers =
        [0, 1, -1, 2, 5, 9, 13, 16, 17, 19, 20, 32, 68, 127, 128, 255, 256, 500, 16383, 16384, 16385, 32767, 32768, 65535, 65536, 131072, 131073, 1 << 20, (1 << 20) + 1,
            int.MaxValue, int.MinValue, uint.MaxValue, 1L << 32, 1L << 48, long.MaxValue, long.MinValue];

    private static readonly string[] s_digits = ["", "00", "-0", "01", "+1", " 1", "1 ", "0x10", "9223372036854775808", "-9223372036854775809", "18446744073709551616", "99999999999999999999999999"];

    /// <summary>A number at some limit.</summary>
    public long Number() => s_numbers[random.Next(s_numbers.Length)];

    /// <summary>A number in decimal digits, or something similar.</summary>
    public string Digits() => random.Next(4) == 0 ? s_digits[random.Next(s_digits.Length)] : Number().ToString(CultureInfo.InvariantCulture);

    public void Change(List<byte> input, ReadOnlySpan<byte> other)
    {
        int at = random.Next(input.Count + 1);
        switch (random.Next(11))
        {
            case 0 when at < input.Count:
                input[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < input.Count:
                input[at] = (byte)random.Next(256);
                break;
            case 2:
                input.Insert(at, "0123456789ilde:-./%&=\r\n\0\xff"u8[random.Next(25)]);
                break;
            case 3:
                input.RemoveRange(at, Length(input.Count - at));
                break;
            case 4:
                byte[] run = [.. input.GetRange(at, Length(input.Count - at))];
                for (int i = random.Next(5) == 0 ? random.Next(400) : random.Next(4); i > 0 && input.Count < 1 << 20; i--)
                    input.InsertRange(at, run);
                break;
            case 5 when !other.IsEmpty:
                int from = random.Next(other.Length);
                input.InsertRange(at, other.Slice(from, Length(other.Length - from)).ToArray());
                break;
            case 6 when random.Next(4) == 0:
                input.RemoveRange(at, input.Count - at);
                break;
            case 7:
                WriteNumber(input, at);
                break;
            case 8 when words.Length > 0:
                input.InsertRange(at, words[random.Next(words.Length)]);
                break;
            case 9:
                ChangeDigits(input, at);
                break;
            default:
                byte[] noise = new byte[Length(64)];
                random.NextBytes(noise);
                input.InsertRange(at, noise);
                break;
        }
    }

    private void WriteNumber(List<byte> input, int at)
    {
        long number = random.Next(2) == 0 ? Number() : random.NextInt64();
        int size = 1 << random.Next(4);
        for (int i = 0; i < size && at + i < input.Count; i++)
            input[at + i] = (byte)(number >> (8 * (size - 1 - i)));
    }

    /// <summary>Mutates the next number in digits: a length, a port, a count.</summary>
    private void ChangeDigits(List<byte> input, int at)
    {
        while (at < input.Count && !char.IsAsciiDigit((char)input[at]))
            at++;
        int end = at;
        while (end < input.Count && char.IsAsciiDigit((char)input[end]))
            end++;
        if (at == end)
            return;
        string digits = Digits();
        if (random.Next(2) == 0 && end - at < 10)
            digits = (int.Parse(Encoding.ASCII.GetString([.. input.GetRange(at, end - at)]), CultureInfo.InvariantCulture) + random.Next(-2, 3)).ToString(CultureInfo.InvariantCulture);
        input.RemoveRange(at, end - at);
        input.InsertRange(at, Encoding.ASCII.GetBytes(digits));
    }

    /// <summary>Mostly small, sometimes the maximum.</summary>
    private int Length(int most) => random.Next(8) == 0 ? most : Math.Min(most, random.Next(1, 20));
}
