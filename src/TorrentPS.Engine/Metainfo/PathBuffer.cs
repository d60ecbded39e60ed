namespace TorrentPS.Engine.Metainfo;

/// <summary>The characters of a path under construction. It is reused for the next file, cut back to the common folder.</summary>
internal sealed class PathBuffer
{
    private char[] _characters = new char[512];

    public int Length { get; private set; }

    public ReadOnlySpan<char> Written => _characters.AsSpan(0, Length);

    /// <summary>Space for more characters, which count after <see cref="Advance"/>.</summary>
    public Span<char> Room(int count)
    {
        if (_characters.Length - Length < count)
            Array.Resize(ref _characters, Math.Max(_characters.Length * 2, Length + count));
        return _characters.AsSpan(Length);
    }

    public void Advance(int count) => Length += count;

    public void Append(char value)
    {
        Room(1)[0] = value;
        Length++;
    }

    public void Append(ReadOnlySpan<char> value)
    {
        value.CopyTo(Room(value.Length));
        Length += value.Length;
    }

    public void CutBack(int length) => Length = length;

    public override string ToString() => new(_characters, 0, Length);
}
