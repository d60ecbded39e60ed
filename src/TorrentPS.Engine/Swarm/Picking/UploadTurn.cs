namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>The turn of one peer to be served (<see cref="UploadTurns"/>). Times are seconds of the torrent's clock.</summary>
internal sealed class UploadTurn
{
    /// <summary>The start of its last turn; negative infinity if it had none.</summary>
    public double BeganAt { get; set; } = double.NegativeInfinity;

    /// <summary>The end of its last turn; negative infinity if none ended.</summary>
    public double EndedAt { get; set; } = double.NegativeInfinity;

    /// <summary>The time of its last optimistic unchoke; negative infinity if it had none.</summary>
    public double OptimisticAt { get; set; } = double.NegativeInfinity;

    /// <summary>The number of bytes sent to it before its turn.</summary>
    public long BeganWith { get; set; }

    /// <summary>The time of its last activity: the start of its turn, a request, or data sent to it.</summary>
    public double BusyAt { get; set; } = double.NegativeInfinity;

    /// <summary>The number of blocks it waits for, including those being sent.</summary>
    public int Waiting { get; set; }

    /// <summary>The next piece it waits for; -1 if there is none.</summary>
    public int NextPiece { get; set; } = -1;

    /// <summary>The piece of the last block sent to it; -1 if there is none.</summary>
    public int LastPiece { get; set; } = -1;

    /// <summary>Whether it has sent a request since its turn began.</summary>
    public bool HasAsked { get; set; }
}
