using System.Globalization;
using System.Text;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Fuzz.Mutating;

/// <summary>Mutates bencoded data so that it stays bencoded: values are replaced, removed, duplicated, exchanged and nested.</summary>
internal sealed class BencodeMutator(Random random, byte[][] words)
{
    private static readonly BencodeReaderOptions s_limits = new() { AllowBigIntegers = true, AllowTrailingData = true, MaxDepth = BencodeReaderOptions.GreatestDepth };

    private readonly ByteMutator _bytes = new(random, words);
    private readonly List<(int Start, int End, BencodeTokenType Type)> _values = [];
    private readonly Stack<(int Start, BencodeTokenType Type)> _open = new();

    public void Change(List<byte> input)
    {
        Find(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(input));
        if (_values.Count == 0)
        {
            _bytes.Change(input, default);
            return;
        }

        (int start, int end, BencodeTokenType type) = _values[random.Next(_values.Count)];
        byte[] value = [.. input.GetRange(start, end - start)];
        byte[] changed = random.Next(8) switch
        {
            0 => [],
            1 => [.. value, .. value],
            2 => Nested(value),
            3 => Any(),
            4 => [.. Any(), .. value],
            5 => Other(input),
            _ => type switch
            {
                BencodeTokenType.Integer => Encoding.ASCII.GetBytes($"i{_bytes.Digits()}e"),
                BencodeTokenType.String or BencodeTokenType.Key => Changed(value),
                _ => [.. value[..^1], .. Any(), (byte)'e'],
            },
        };
        input.RemoveRange(start, end - start);
        input.InsertRange(start, changed);
    }

    private void Find(ReadOnlySpan<byte> data)
    {
        _values.Clear();
        _open.Clear();
        try
        {
            var reader = new BencodeReader(data, s_limits);
            while (_values.Count < 5000 && reader.Read())
            {
                switch (reader.TokenType)
                {
                    case BencodeTokenType.StartList or BencodeTokenType.StartDictionary:
                        _open.Push((reader.TokenStart, reader.TokenType));
                        break;
                    case BencodeTokenType.EndList or BencodeTokenType.EndDictionary:
                        (int start, BencodeTokenType type) = _open.Pop();
                        _values.Add((start, reader.Position, type));
                        break;
                    default:
                        _values.Add((reader.TokenStart, reader.Position, reader.TokenType));
                        break;
                }
            }
        }
        catch (BencodeException)
        {
            // The values before the fault can be mutated all the same.
        }
    }

    private byte[] Nested(byte[] value)
    {
        int depth = random.Next(4) == 0 ? random.Next(200) : random.Next(3);
        string open = random.Next(2) == 0 ? "l" : "d1:a";
        return [.. Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(open, depth))), .. value, .. Enumerable.Repeat((byte)'e', depth)];
    }

    private byte[] Other(List<byte> input)
    {
        (int start, int end, _) = _values[random.Next(_values.Count)];
        return [.. input.GetRange(start, end - start)];
    }

    /// <summary>A string with a change, and its length corrected.</summary>
    private byte[] Changed(byte[] value)
    {
        List<byte> text = [.. value.AsSpan(value.AsSpan().IndexOf((byte)':') + 1)];
        _bytes.Change(text, words.Length > 0 ? words[random.Next(words.Length)] : default);
        return String([.. text]);
    }

    private byte[] Any()
    {
        switch (random.Next(5))
        {
            case 0:
                return Encoding.ASCII.GetBytes($"i{_bytes.Number()}e");
            case 1 when words.Length > 0:
                return String(words[random.Next(words.Length)]);
            case 2:
                return "le"u8.ToArray();
            case 3:
                return "de"u8.ToArray();
            default:
                byte[] noise = new byte[random.Next(8) == 0 ? random.Next(600) : random.Next(21)];
                random.NextBytes(noise);
                return String(noise);
        }
    }

    private static byte[] String(byte[] bytes) => [.. Encoding.ASCII.GetBytes(bytes.Length.ToString(CultureInfo.InvariantCulture)), (byte)':', .. bytes];
}
