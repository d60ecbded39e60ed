using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace TorrentPS.Fuzz.Fuzzing;

/// <summary>One input tried on one target.</summary>
internal readonly record struct Attempt(int Outcome, long Allocated, TimeSpan Elapsed, Fault? Fault)
{
    /// <summary>The time limit of an input: far more than any needs, so that a busy machine causes no false fault.</summary>
    public static readonly TimeSpan MaxDuration = TimeSpan.FromSeconds(2);

    [SuppressMessage("Design", "CA1031", Justification = "Whatever comes out is what is looked for.")]
    public static Attempt Make(FuzzTarget target, byte[] input)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        Fault? fault = null;
        int outcome = 0;
        try
        {
            outcome = target.Try(input);
        }
        catch (Exception e)
        {
            fault = Fault.Of(e);
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        if (fault is null && allocated > target.MaxAllocated(input.Length))
            fault = new Fault("Memory", "", $"{allocated} bytes allocated for an input of {input.Length}; {target.MaxAllocated(input.Length)} are allowed");
        else if (fault is null && elapsed > MaxDuration)
            fault = new Fault("Slow", "", $"{elapsed.TotalSeconds:0.0} s for an input of {input.Length} bytes");
        return new Attempt(outcome, allocated, elapsed, fault);
    }

    /// <summary>Repeats a slow attempt, since the machine may have been busy.</summary>
    public static Attempt MakeSure(FuzzTarget target, byte[] input)
    {
        Attempt attempt = Make(target, input);
        for (int i = 0; i < 3 && attempt.Fault is { Kind: "Slow" or "Memory" }; i++)
            attempt = Make(target, input);
        return attempt;
    }
}
