using System.Diagnostics;

namespace TorrentPS.Fuzz.Fuzzing;

/// <summary>Reduces an input while it causes the same fault: the remainder shows the cause.</summary>
internal sealed class Minimizer(FuzzTarget target, Fault fault)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(5);

    private readonly long _start = Stopwatch.GetTimestamp();

    public byte[] Minimize(byte[] input)
    {
        for (int part = Math.Max(1, input.Length / 2); ; part = Math.Max(1, part / 2))
        {
            bool isSmaller = false;
            for (int at = 0; at < input.Length;)
            {
                if (Stopwatch.GetElapsedTime(_start) > s_limit)
                    return input;
                byte[] without = [.. input[..at], .. input[Math.Min(input.Length, at + part)..]];
                if (BreaksTheSame(without))
                    (input, isSmaller) = (without, true);
                else
                    at += part;
            }

            if (part == 1 && !isSmaller)
                return input;
        }
    }

    private bool BreaksTheSame(byte[] input) => Attempt.Make(target, input).Fault is { } other && (other.Kind, other.Place) == (fault.Kind, fault.Place);
}
