using System.Diagnostics;
using TorrentPS.Fuzz.Mutating;

namespace TorrentPS.Fuzz.Fuzzing;

/// <summary>
/// Fuzzes one target: picks an input, mutates it in a few places, tries it, and keeps it for further mutation if it causes something new. The inputs depend only on the
/// seed.
/// </summary>
internal sealed class Fuzzer(FuzzTarget target, int seed)
{
    private const int MaxCorpus = 2000;
    private const int MaxFaults = 20;

    private readonly List<byte[]> _corpus = [.. target.Seeds];
    private readonly Mutator _mutator = new(target, new Random(seed));
    private readonly HashSet<int> _outcomes = [];
    private readonly Dictionary<(string, string), Fault> _faults = [];
    private long _inputs;
    private long _allocated;
    private long _mostAllocated;
    private TimeSpan _slowest;

    /// <summary>Receives the input and the fault when a fault first occurs.</summary>
    public Action<byte[], Fault>? Broke { get; init; }

    /// <summary>The current input, for the watchdog of its duration.</summary>
    public byte[] Current { get; private set; } = [];

    /// <summary>The timestamp of its start; 0 if there is no current input.</summary>
    public long CurrentSince;

    public FuzzReport Run(TimeSpan duration, long maxInputs = long.MaxValue)
    {
        long start = Stopwatch.GetTimestamp();
        foreach (byte[] input in target.Seeds)
            Try(input);
        // The cost of loading and compiling code is not that of inputs.
        (_inputs, _allocated, _mostAllocated, _slowest) = (0, 0, 0, default);
        while (_inputs < maxInputs && _faults.Count < MaxFaults && Stopwatch.GetElapsedTime(start) < duration)
            Try(_mutator.Next(_corpus));
        return new FuzzReport(target.Name, _inputs, Stopwatch.GetElapsedTime(start), _allocated, _mostAllocated, _slowest, _outcomes.Count, [.. _faults.Values]);
    }

    private void Try(byte[] input)
    {
        Current = input;
        Volatile.Write(ref CurrentSince, Stopwatch.GetTimestamp());
        Attempt attempt = Attempt.Make(target, input);
        if (attempt.Fault is { Kind: "Slow" or "Memory" })
            attempt = Attempt.MakeSure(target, input);
        Volatile.Write(ref CurrentSince, 0);
        _inputs++;
        _allocated += attempt.Allocated;
        _mostAllocated = Math.Max(_mostAllocated, attempt.Allocated);
        _slowest = attempt.Elapsed > _slowest ? attempt.Elapsed : _slowest;
        if (attempt.Fault is { } fault)
        {
            if (_faults.TryAdd((fault.Kind, fault.Place), fault))
                Broke?.Invoke(input, fault);
        }
        else if (_outcomes.Add(attempt.Outcome) && _corpus.Count < MaxCorpus)
        {
            _corpus.Add(input);
        }
    }
}
