namespace TorrentPS.Fuzz.Fuzzing;

/// <summary>How long, and from where.</summary>
internal sealed record FuzzOptions
{
    /// <summary>The time for each target.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The inputs for each target at most.</summary>
    public long MaxInputs { get; init; } = long.MaxValue;

    public required int Seed { get; init; }

    /// <summary>Targets at the same time.</summary>
    public int Parallel { get; init; } = 1;

    /// <summary>The folder for inputs that break something, with a folder a target in it.</summary>
    public required string Regressions { get; init; }
}
