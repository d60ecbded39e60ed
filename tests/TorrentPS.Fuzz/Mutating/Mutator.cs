using System.Text;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Mutating;

/// <summary>Derives a new input from an old one: as plain bytes, and by its structure.</summary>
internal sealed class Mutator
{
    private readonly FuzzTarget _target;
    private readonly Random _random;
    private readonly byte[][] _words;
    private readonly ByteMutator _bytes;
    private readonly BencodeMutator _bencode;
    private readonly FrameMutator? _frames;

    public Mutator(FuzzTarget target, Random random)
    {
        (_target, _random) = (target, random);
        _words = [.. target.Words.Select(Encoding.Latin1.GetBytes)];
        _bytes = new ByteMutator(random, _words);
        _bencode = new BencodeMutator(random, _words);
        _frames = target.Shape switch
        {
            InputShape.Messages => new FrameMutator(random, 1, 4, null),
            InputShape.Packets => new FrameMutator(random, 0, 2, _bencode),
            _ => null,
        };
    }

    /// <summary>An input that is likely to be new.</summary>
    public byte[] Next(IReadOnlyList<byte[]> corpus)
    {
        List<byte> input = [.. corpus[_random.Next(corpus.Count)]];
        int changes = 1 << _random.Next(4);
        for (int i = 0; i < changes; i++)
        {
            byte[] other = corpus[_random.Next(corpus.Count)];
            bool asWhatItIs = _random.Next(3) > 0;
            if (asWhatItIs && _frames is not null)
                _frames.Change(input, other, _bytes);
            else if (asWhatItIs && _target.Shape == InputShape.Bencoded)
                _bencode.Change(input);
            else
                _bytes.Change(input, other);
        }

        if (input.Count > _target.MaxLength)
            input.RemoveRange(_target.MaxLength, input.Count - _target.MaxLength);
        return [.. input];
    }
}
