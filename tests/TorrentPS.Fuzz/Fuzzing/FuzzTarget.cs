namespace TorrentPS.Fuzz.Fuzzing;

/// <summary>A part of the engine that reads bytes from outside.</summary>
internal abstract class FuzzTarget : IDisposable
{
    /// <summary>Its name on the command line, and of its folder of regressions.</summary>
    public abstract string Name { get; }

    public abstract string Description { get; }

    /// <summary>Valid inputs, which are mutated.</summary>
    public abstract IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>The structure of inputs, which guides mutations beside those of plain bytes.</summary>
    public virtual InputShape Shape => InputShape.Bencoded;

    /// <summary>Words inserted into inputs.</summary>
    public virtual IReadOnlyList<string> Words => [];

    /// <summary>The maximum length of an input.</summary>
    public virtual int MaxLength => 16 * 1024;

    /// <summary>The maximum number of bytes allocated for an input of a length.</summary>
    public virtual long MaxAllocated(int length) => 256 * 1024 + 64L * length;

    /// <summary>Reads an input. Only exceptions promised for bad input are caught here; any other is a fault.</summary>
    /// <returns>A hash of what happened, if it is easily computed: inputs with a new hash are mutated further.</returns>
    public abstract int Try(byte[] input);

    public virtual void Dispose() => GC.SuppressFinalize(this);

    /// <summary>A hash of a message, ignoring numbers.</summary>
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

    /// <summary>Reports a fault unless a condition holds.</summary>
    protected static void Require(bool holds, string what)
    {
        if (!holds)
            throw new BrokenPromiseException(what);
    }
}
