namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>What one peer is sent in its turn (<see cref="UploadTurns"/>). Times are seconds of the torrent's clock.</summary>
internal sealed class UploadTurn
{
    /// <summary>When we last began to send to it; negative infinity when we never did.</summary>
    public double BeganAt { get; set; } = double.NegativeInfinity;

    /// <summary>When its last turn ended; negative infinity when none did.</summary>
    public double EndedAt { get; set; } = double.NegativeInfinity;

    /// <summary>When it last had a turn that it had not earned; negative infinity when it had none.</summary>
    public double OptimisticAt { get; set; } = double.NegativeInfinity;

    /// <summary>How much it had been sent then, in bytes.</summary>
    public long BeganWith { get; set; }

    /// <summary>When its turn began, it asked for something, or it was sent something last.</summary>
    public double BusyAt { get; set; } = double.NegativeInfinity;

    /// <summary>How many blocks it waits for, those that are being sent among them.</summary>
    public int Waiting { get; set; }

    /// <summary>The piece that it waits for next; -1 when it waits for nothing.</summary>
    public int NextPiece { get; set; } = -1;

    /// <summary>The piece that it was sent a block of last; -1 when there is none.</summary>
    public int LastPiece { get; set; } = -1;

    /// <summary>Whether it has asked for something since its turn began.</summary>
    public bool HasAsked { get; set; }
}
