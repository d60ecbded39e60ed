using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Swarm;

/// <summary>How a run ends.</summary>
/// <param name="State">The state that it ends in.</param>
/// <param name="ErrorId">What kind of error it ends for; null for none.</param>
/// <param name="Error">The error, for people.</param>
internal sealed record RunEnding(TorrentState State, TorrentErrorId? ErrorId = null, string? Error = null)
{
    public static RunEnding Completed { get; } = new(TorrentState.Completed);

    public static RunEnding Failed(TorrentException failure) => new(TorrentState.Failed, failure.ErrorId, failure.Message);
}
