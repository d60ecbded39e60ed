namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>A peer that says it has the metadata: how large it says this is, and what it was asked for.</summary>
/// <param name="size">Bytes in the metadata, as the peer says.</param>
internal sealed class MetadataSource(int size)
{
    public int Size { get; } = size;

    /// <summary>The connection, which may have ended since.</summary>
    public MetadataPeer? Peer { get; init; }

    /// <summary>Whether it gave bytes that are not of this metadata.</summary>
    public bool IsLiar { get; private set; }

    /// <summary>Notes that it gave such bytes; false when that is known.</summary>
    public bool Convict() => !IsLiar && (IsLiar = true);

    /// <summary>The pieces that it was asked for and has not answered for, and when.</summary>
    public List<(int Piece, double At)> Asked { get; } = [];

    /// <summary>Until when it is left alone, having rejected a request or answered none.</summary>
    public double PausedUntil { get; set; }

    /// <summary>The copy that is made from it alone, where peers with the same size contradict each other.</summary>
    public MetadataCopy? OwnCopy { get; set; }
}
