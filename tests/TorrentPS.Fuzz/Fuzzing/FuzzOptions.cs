namespace TorrentPS.Fuzz.Fuzzing;

/// <summary>The duration, the seed and the extent of a run.</summary>
internal sealed record FuzzOptions
{
    /// <summary>The time for each target.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The maximum number of inputs per target.</summary>
    public long MaxInputs { get; init; } = long.MaxValue;

    public required int Seed { get; init; }

    /// <summary>The number of targets at the same time.</summary>
    public int Parallel { get; init; } = 1;

    /// <summary>The folder for inputs that break a target, with a folder for each target.</summary>
    public required string Regressions { get; init; }
}
