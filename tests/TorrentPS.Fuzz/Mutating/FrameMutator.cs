namespace TorrentPS.Fuzz.Mutating;

/// <summary>
/// Mutates a series of messages with lengths: one is changed inside, removed, repeated, moved, or taken from another series, and the lengths stay right.
/// </summary>
/// <param name="random">The random numbers.</param>
/// <param name="lead">The number of bytes before the first length.</param>
/// <param name="prefix">The number of bytes of each length.</param>
/// <param name="inner">Mutates the content of a message; null for plain bytes.</param>
internal sealed class FrameMutator(Random random, int lead, int prefix, BencodeMutator? inner)
{
    public void Change(List<byte> input, ReadOnlySpan<byte> other, ByteMutator bytes)
    {
        List<byte[]> frames = Split([.. input]);
        // The bytes before the messages control their delivery, and are mutated now and then.
        if (frames.Count == 0 || (lead > 0 && random.Next(16) == 0))
        {
            bytes.Change(input, other);
            return;
        }

        int at = random.Next(frames.Count);
        switch (random.Next(7))
        {
            case 0:
                frames.RemoveAt(at);
                break;
            case 1:
                frames.InsertRange(at, Enumerable.Repeat(frames[at], random.Next(6) == 0 ? random.Next(300) : 1));
                break;
            case 2:
                byte[] frame = frames[at];
                frames.RemoveAt(at);
                frames.Insert(random.Next(frames.Count + 1), frame);
                break;
            case 3 when Split(other) is { Count: > 0 } others:
                frames.Insert(at, others[random.Next(others.Count)]);
                break;
            default:
                List<byte> content = [.. frames[at]];
                if (inner is not null && random.Next(3) > 0)
                    inner.Change(content);
                else
                    bytes.Change(content, other);
                frames[at] = [.. content];
                break;
        }

        input.RemoveRange(lead, input.Count - lead);
        foreach (byte[] frame in frames)
        {
            for (int i = prefix - 1; i >= 0; i--)
                input.Add((byte)(frame.Length >> (8 * i)));
            input.AddRange(frame);
        }
    }

    private List<byte[]> Split(ReadOnlySpan<byte> bytes)
    {
        List<byte[]> frames = [];
        bytes = bytes[Math.Min(lead, bytes.Length)..];
        while (bytes.Length >= prefix)
        {
            long length = 0;
            for (int i = 0; i < prefix; i++)
                length = length << 8 | bytes[i];
            bytes = bytes[prefix..];
            int taken = (int)Math.Min(length, bytes.Length);
            frames.Add(bytes[..taken].ToArray());
            bytes = bytes[taken..];
        }

        return frames;
    }
}
