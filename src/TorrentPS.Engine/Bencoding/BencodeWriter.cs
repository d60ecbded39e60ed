using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace TorrentPS.Engine.Bencoding;

/// <summary>
/// Writes bencoded data (BEP 3, section "bencoding"). Its output is well-formed and canonical: wrong use, an unsorted key or a duplicate key throws <see
/// cref="InvalidOperationException"/>.
/// </summary>
public sealed class BencodeWriter
{
    private readonly IBufferWriter<byte> _output;
    private readonly Stack<Level> _open = new();

    // The last keys of the open dictionaries, concatenated: that of the innermost is at the end.
    private byte[] _keys = [];
    private Level _level;

    /// <summary>Creates a writer of one value.</summary>
    /// <param name="output">Receives the bytes.</param>
    public BencodeWriter(IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        _output = output;
    }

    private enum Place : byte
    {
        Root,
        List,
        Key,
        Value,
        End,
    }

    /// <summary>The number of bytes written.</summary>
    public long BytesWritten { get; private set; }

    /// <summary>The number of open lists and dictionaries.</summary>
    public int Depth => _open.Count;

    /// <summary>Whether the value is complete, so that nothing more can be written.</summary>
    public bool IsComplete => _level.Place == Place.End;

    /// <summary>Writes an integer.</summary>
    /// <param name="value">The integer.</param>
    public void WriteInteger(long value)
    {
        BeginValue();
        Span<byte> span = _output.GetSpan(22);
        span[0] = (byte)'i';
        Utf8Formatter.TryFormat(value, span[1..], out int digits);
        span[digits + 1] = (byte)'e';
        Advance(digits + 2);
    }

    /// <summary>Writes an integer of any size.</summary>
    /// <param name="value">The integer.</param>
    public void WriteInteger(BigInteger value)
    {
        BeginValue();
        string digits = value.ToString(CultureInfo.InvariantCulture);
        Span<byte> span = _output.GetSpan(digits.Length + 2);
        span[0] = (byte)'i';
        Encoding.ASCII.GetBytes(digits, span[1..]);
        span[digits.Length + 1] = (byte)'e';
        Advance(digits.Length + 2);
    }

    /// <summary>Writes a byte string: a value, or a key where one is expected.</summary>
    /// <param name="value">The bytes.</param>
    public void WriteString(ReadOnlySpan<byte> value)
    {
        if (_level.Place == Place.Key)
            BeginKey(value);
        else
            BeginValue();
        WriteLength(value.Length);
        _output.Write(value);
        BytesWritten += value.Length;
    }

    /// <summary>Writes text in UTF-8: a value, or a key where one is expected.</summary>
    /// <param name="value">The text.</param>
    public void WriteString(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        int length = Encoding.UTF8.GetMaxByteCount(value.Length);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            WriteString(buffer.AsSpan(0, Encoding.UTF8.GetBytes(value, buffer)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Writes a key of a dictionary.</summary>
    /// <param name="key">The bytes of the key, which must sort after the previous key.</param>
    /// <exception cref="InvalidOperationException">No key is expected, or the key does not sort after the previous one.</exception>
    public void WriteKey(ReadOnlySpan<byte> key)
    {
        if (_level.Place != Place.Key)
            throw new InvalidOperationException("A key can only be written into a dictionary, after the value of the key before.");
        WriteString(key);
    }

    /// <summary>Begins a list.</summary>
    public void WriteStartList() => Open((byte)'l', Place.List);

    /// <summary>Ends the innermost list.</summary>
    /// <exception cref="InvalidOperationException">No list is open, or a dictionary in it is.</exception>
    public void WriteEndList() => Close(Place.List, "list");

    /// <summary>Begins a dictionary.</summary>
    public void WriteStartDictionary() => Open((byte)'d', Place.Key);

    /// <summary>Begins a dictionary whose keys may be unsorted, for data that another program wrote so and that must not change.</summary>
    /// <param name="allowAnyOrder">Whether any order is allowed; duplicate keys are then not noticed either.</param>
    internal void WriteStartDictionary(bool allowAnyOrder)
    {
        WriteStartDictionary();
        _level.AnyOrder = allowAnyOrder;
    }

    /// <summary>Ends the innermost dictionary.</summary>
    /// <exception cref="InvalidOperationException">No dictionary is open, a list in it is, or a key has no value.</exception>
    public void WriteEndDictionary() => Close(Place.Key, "dictionary");

    /// <summary>Writes one value that is already bencoded, without checking it.</summary>
    /// <param name="value">The value; not empty.</param>
    public void WriteRaw(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
            throw new InvalidOperationException("A value has at least two bytes.");
        BeginValue();
        _output.Write(value);
        BytesWritten += value.Length;
    }

    private void BeginValue()
    {
        switch (_level.Place)
        {
            case Place.Root:
                _level.Place = Place.End;
                break;
            case Place.Value:
                _level.Place = Place.Key;
                break;
            case Place.Key:
                throw new InvalidOperationException("A key must be written before its value, and is a string.");
            case Place.End:
                throw new InvalidOperationException("The value is complete: nothing more can be written.");
        }
    }

    private void BeginKey(ReadOnlySpan<byte> key)
    {
        if (_level.HasKey && !_level.AnyOrder && key.SequenceCompareTo(_keys.AsSpan(_level.KeyStart, _level.KeyLength)) <= 0)
            throw new InvalidOperationException($"The key '{Encoding.UTF8.GetString(key)}' must come after the key before it: keys are sorted by their bytes and unique.");
        if (_level.KeyStart + key.Length > _keys.Length)
            Array.Resize(ref _keys, Math.Max(_keys.Length * 2, _level.KeyStart + key.Length));
        key.CopyTo(_keys.AsSpan(_level.KeyStart));
        _level.HasKey = true;
        _level.KeyLength = key.Length;
        _level.Place = Place.Value;
    }

    private void Open(byte start, Place place)
    {
        BeginValue();
        _open.Push(_level);
        _level = new Level { Place = place, KeyStart = _level.KeyStart + _level.KeyLength };
        WriteByte(start);
    }

    private void Close(Place place, string what)
    {
        if (_open.Count == 0 || _level.Place != place)
            throw new InvalidOperationException(_level.Place == Place.Value ? "A key has no value." : $"The innermost open thing is not a {what}.");
        _level = _open.Pop();
        WriteByte((byte)'e');
    }

    private void WriteLength(int length)
    {
        Span<byte> span = _output.GetSpan(11);
        Utf8Formatter.TryFormat(length, span, out int digits);
        span[digits] = (byte)':';
        Advance(digits + 1);
    }

    private void WriteByte(byte value)
    {
        _output.GetSpan(1)[0] = value;
        Advance(1);
    }

    private void Advance(int count)
    {
        _output.Advance(count);
        BytesWritten += count;
    }

    private struct Level
    {
        public Place Place;
        public bool HasKey;
        public bool AnyOrder;
        public int KeyStart;
        public int KeyLength;
    }
}
