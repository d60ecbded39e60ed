namespace TorrentPS.Fuzz.Fuzzing;

/// <summary>Something of the engine that reads bytes from outside.</summary>
internal abstract class FuzzTarget : IDisposable
{
    /// <summary>What it is called on the command line, and its folder among the regressions.</summary>
    public abstract string Name { get; }

    public abstract string Description { get; }

    /// <summary>Good inputs, which are changed.</summary>
    public abstract IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>How inputs are changed beside what is done to any bytes.</summary>
    public virtual InputShape Shape => InputShape.Bencoded;

    /// <summary>Words that are put into inputs.</summary>
    public virtual IReadOnlyList<string> Words => [];

    /// <summary>The longest input.</summary>
    public virtual int MaxLength => 16 * 1024;

    /// <summary>Bytes that an input of a length may have allocated, all together.</summary>
    public virtual long MaxAllocated(int length) => 256 * 1024 + 64L * length;

    /// <summary>Reads an input. Only exceptions that are promised for bad input are caught in here; whatever comes out of it is a fault.</summary>
    /// <returns>A hash of what happened, where that is easily told: inputs that make something new happen are changed further.</returns>
    public abstract int Try(byte[] input);

    public virtual void Dispose() => GC.SuppressFinalize(this);

    /// <summary>A hash of a message without its numbers.</summary>
    protected static int Outcome(string message)
    {
        HashCode hash = default;
        foreach (char c in message.AsSpan(0, Math.Min(message.Length, 120)))
        {
            if (!char.IsAsciiDigit(c))
                hash.Add(c);
        }

        return hash.ToHashCode();
    }

    /// <summary>Ends the attempt as a fault.</summary>
    protected static void Require(bool holds, string what)
    {
        if (!holds)
            throw new BrokenPromiseException(what);
    }
}
