using System.Runtime.CompilerServices;

namespace TorrentPS.Engine.Transport.Encryption;

/// <summary>
/// One direction of the RC4 stream cipher that MSE uses. The keystream advances with every byte, so an instance belongs to one direction of one connection, and to one
/// thread at a time.
/// </summary>
internal sealed unsafe class Rc4
{
    /// <summary>The number of keystream bytes that MSE discards after the key is set, because the first ones leak the key.</summary>
    public const int MseDiscard = 1024;

    private readonly byte[] _state = new byte[256];
    private byte _x;
    private byte _y;

    /// <summary>Sets the key.</summary>
    /// <param name="key">1 to 256 bytes.</param>
    /// <param name="discard">The number of keystream bytes to discard.</param>
    public Rc4(ReadOnlySpan<byte> key, int discard = 0)
    {
        ArgumentOutOfRangeException.ThrowIfZero(key.Length, nameof(key));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key.Length, 256, nameof(key));
        ArgumentOutOfRangeException.ThrowIfNegative(discard);

        byte[] state = _state;
        for (int i = 0; i < state.Length; i++)
            state[i] = (byte)i;
        int j = 0, k = 0;
        for (int i = 0; i < state.Length; i++)
        {
            j = (byte)(j + state[i] + key[k]);
            (state[i], state[j]) = (state[j], state[i]);
            k = k + 1 == key.Length ? 0 : k + 1;
        }

        Span<byte> thrownAway = stackalloc byte[256];
        for (int left = discard; left > 0; left -= thrownAway.Length)
            Process(thrownAway[..Math.Min(left, thrownAway.Length)]);
    }

    /// <summary>Encrypts or decrypts bytes in place.</summary>
    /// <param name="data">The bytes.</param>
    public void Process(Span<byte> data)
    {
        fixed (byte* bytes = data)
            Process(bytes, bytes, data.Length);
    }

    /// <summary>Encrypts or decrypts bytes into another buffer.</summary>
    /// <param name="source">The bytes, which are not changed.</param>
    /// <param name="destination">Receives the result: at least as long as the source. It may be the same memory, but must not overlap otherwise.</param>
    public void Process(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (destination.Length < source.Length)
            throw new ArgumentException("The destination is shorter than the source.", nameof(destination));
        fixed (byte* from = source, to = destination)
            Process(from, to, source.Length);
    }

    private void Process(byte* from, byte* to, int length)
    {
        fixed (byte* state = _state)
        {
            nuint x = _x, y = _y;
            byte* end = from + length;

            // Up to a multiple of eight, so that the eight steps of a round never wrap around the end of the state.
            while (from < end && (x & 7) != 7)
            {
                x = (byte)(x + 1);
                *to++ = (byte)(*from++ ^ Step(state, x, ref y));
            }

            uint sx = state[(byte)(x + 1)];
            for (; end - from >= 8; from += 8, to += 8)
            {
                nuint first = (byte)(x + 1);
                ulong word = Step(state, first, first + 1, ref y, ref sx);
                word |= Step(state, first + 1, first + 2, ref y, ref sx) << 8;
                word |= Step(state, first + 2, first + 3, ref y, ref sx) << 16;
                word |= Step(state, first + 3, first + 4, ref y, ref sx) << 24;
                word |= Step(state, first + 4, first + 5, ref y, ref sx) << 32;
                word |= Step(state, first + 5, first + 6, ref y, ref sx) << 40;
                word |= Step(state, first + 6, first + 7, ref y, ref sx) << 48;
                word |= Step(state, first + 7, (byte)(first + 8), ref y, ref sx) << 56;
                if (!BitConverter.IsLittleEndian)
                    word = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word);
                *(ulong*)to = *(ulong*)from ^ word;
                x = first + 7;
            }

            while (from < end)
            {
                x = (byte)(x + 1);
                *to++ = (byte)(*from++ ^ Step(state, x, ref y));
            }

            (_x, _y) = ((byte)x, (byte)y);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Step(byte* state, nuint x, ref nuint y)
    {
        uint sx = state[x];
        y = (byte)(y + sx);
        uint sy = state[y];
        state[x] = (byte)sy;
        state[y] = (byte)sx;
        return state[(byte)(sx + sy)];
    }

    /// <summary>
    /// A step that loads the next step's state[x] before it stores its own: a load after those stores would wait for them, or be repeated if the processor mispredicted
    /// that it need not. If a store changes what was loaded, a conditional move corrects it. This makes the whole cipher more than twice as fast as the plain loop.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Step(byte* state, nuint x, nuint next, ref nuint y, ref uint sx)
    {
        uint current = sx;
        y = (byte)(y + current);
        uint sy = state[y];
        uint following = state[next];
        state[x] = (byte)sy;
        state[y] = (byte)current;
        sx = next == y ? current : following;
        return state[(byte)(current + sy)];
    }
}
