namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>A peer that declares the metadata: its declared size, and the outstanding requests.</summary>
/// <param name="size">The declared size in bytes.</param>
internal sealed class MetadataSource(int size)
{
    public int Size { get; } = size;

    /// <summary>The connection, which may have ended.</summary>
    public MetadataPeer? Peer { get; init; }

    /// <summary>Whether it sent wrong data.</summary>
    public bool IsLiar { get; private set; }

    /// <summary>Records that it sent wrong data; false if that is known.</summary>
    public bool Convict() => !IsLiar && (IsLiar = true);

    /// <summary>The outstanding requests, with their times.</summary>
    public List<(int Piece, double At)> Asked { get; } = [];

    /// <summary>Until when it is paused, after a reject or silence.</summary>
    public double PausedUntil { get; set; }

    /// <summary>Its separate copy, if peers with the same size contradict each other.</summary>
    public MetadataCopy? OwnCopy { get; set; }
}
