using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Text;
using System.Text.Unicode;

namespace TorrentPS.Engine.Bencoding;

/// <summary>
/// A string of bencoded data (BEP 3): bytes, which may be text. It is shown as text if it is valid UTF-8, compares with text, and keeps every byte.
/// </summary>
public sealed class ByteString : IEquatable<ByteString>, IComparable<ByteString>, IComparable, IEqualityOperators<ByteString, ByteString, bool>
{
    private readonly byte[] _bytes;

    /// <summary>Creates a byte string from bytes.</summary>
    /// <param name="bytes">The bytes; copied.</param>
    public ByteString(byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        _bytes = [.. bytes];
    }

    /// <summary>Creates a byte string from bytes.</summary>
    /// <param name="bytes">The bytes; copied.</param>
    public ByteString(ReadOnlySpan<byte> bytes) => _bytes = bytes.ToArray();

    /// <summary>Creates a byte string from text, in UTF-8.</summary>
    /// <param name="text">The text.</param>
    public ByteString(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _bytes = Encoding.UTF8.GetBytes(text);
    }

    /// <summary>A copy of the bytes.</summary>
    [SuppressMessage("Performance", "CA1819", Justification = "It is what scripts ask for, and a copy.")]
    public byte[] Bytes => [.. _bytes];

    /// <summary>The number of bytes.</summary>
    public int Length => _bytes.Length;

    /// <summary>Whether the bytes are valid UTF-8; then <see cref="ToString"/> returns this text.</summary>
    public bool IsText => Utf8.IsValid(_bytes);

    internal ReadOnlySpan<byte> Span => _bytes;

    /// <summary>The text, if the bytes are valid UTF-8; otherwise the bytes in hexadecimal.</summary>
    public override string ToString() => IsText ? Encoding.UTF8.GetString(_bytes) : ToHex();

    /// <summary>The bytes in hexadecimal.</summary>
    public string ToHex() => Convert.ToHexStringLower(_bytes);

    /// <inheritdoc/>
    public bool Equals(ByteString? other) => other is not null && Span.SequenceEqual(other.Span);

    /// <summary>Whether another byte string has the same bytes, or a text the same UTF-8 bytes.</summary>
    /// <param name="obj">The other byte string or the text.</param>
    public override bool Equals(object? obj) => obj switch
    {
        ByteString other => Equals(other),
        string text => Equals(new ByteString(text)),
        _ => false,
    };

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(_bytes);
        return hash.ToHashCode();
    }

    /// <summary>The order of keys (BEP 3): by the bytes.</summary>
    /// <param name="other">What to compare with.</param>
    public int CompareTo(ByteString? other) => other is null ? 1 : Span.SequenceCompareTo(other.Span);

    int IComparable.CompareTo(object? obj) => obj switch
    {
        null => 1,
        ByteString other => CompareTo(other),
        string text => CompareTo(new ByteString(text)),
        _ => throw new ArgumentException("A byte string compares with byte strings and texts.", nameof(obj)),
    };

    /// <summary>Whether two have the same bytes.</summary>
    public static bool operator ==(ByteString? left, ByteString? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether two have different bytes.</summary>
    public static bool operator !=(ByteString? left, ByteString? right) => !(left == right);

    /// <summary>Whether one comes before another.</summary>
    public static bool operator <(ByteString? left, ByteString? right) => Comparer<ByteString>.Default.Compare(left, right) < 0;

    /// <summary>Whether one comes after another.</summary>
    public static bool operator >(ByteString? left, ByteString? right) => Comparer<ByteString>.Default.Compare(left, right) > 0;

    /// <summary>Whether one comes before another, or is the same.</summary>
    public static bool operator <=(ByteString? left, ByteString? right) => Comparer<ByteString>.Default.Compare(left, right) <= 0;

    /// <summary>Whether one comes after another, or is the same.</summary>
    public static bool operator >=(ByteString? left, ByteString? right) => Comparer<ByteString>.Default.Compare(left, right) >= 0;
}
