using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Swarm;

/// <summary>How a run ends.</summary>
/// <param name="State">The final state.</param>
/// <param name="ErrorId">The error id; null for none.</param>
/// <param name="Error">The error message.</param>
internal sealed record RunEnding(TorrentState State, TorrentErrorId? ErrorId = null, string? Error = null)
{
    public static RunEnding Completed { get; } = new(TorrentState.Completed);

    public static RunEnding Failed(TorrentException failure) => new(TorrentState.Failed, failure.ErrorId, failure.Message);
}
