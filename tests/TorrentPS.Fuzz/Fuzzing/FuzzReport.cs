namespace TorrentPS.Fuzz.Fuzzing;

/// <summary>The result of one target.</summary>
internal sealed record FuzzReport(string Target, long Inputs, TimeSpan Elapsed, long Allocated, long MostAllocated, TimeSpan Slowest, int Outcomes, IReadOnlyList<Fault> Faults)
{
    public static string Head => $"{"target",-14} {"inputs",10} {"a second",10} {"bytes each",11} {"most bytes",11} {"slowest ms",10} {"outcomes",8} {"faults",6}";

    public override string ToString() =>
        $"{Target,-14} {Inputs,10} {Inputs / Math.Max(0.001, Elapsed.TotalSeconds),10:0} {Allocated / Math.Max(1, Inputs),11} {MostAllocated,11} {Slowest.TotalMilliseconds,10:0.0} {Outcomes,8} {Faults.Count,6}";
}
