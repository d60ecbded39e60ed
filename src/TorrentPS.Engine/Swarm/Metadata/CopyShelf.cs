namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>
/// The copies of metadata under construction: one for all peers that declare the same size, or one for each of them if they contradict each other. Their number is
/// limited by memory.
/// </summary>
internal sealed class CopyShelf
{
    /// <summary>The maximum number of copies of any size; small ones may be more.</summary>
    public const int MaxCopies = 4;

    /// <summary>The total size of copies that counts as small.</summary>
    private const long SmallTogether = 32 << 20;

    private readonly List<MetadataCopy> _shared = [];
    private readonly HashSet<int> _contested = [];

    /// <summary>The peers that declare that they have the metadata.</summary>
    public List<MetadataSource> Sources { get; } = [];

    /// <summary>All copies.</summary>
    public IEnumerable<MetadataCopy> Copies()
    {
        foreach (MetadataCopy copy in _shared)
            yield return copy;
        foreach (MetadataSource source in Sources)
        {
            if (source.OwnCopy is { } own)
                yield return own;
        }
    }

    /// <summary>A common copy of peers with the same size is wrong: each then gets a separate copy.</summary>
    public void Contest(int size) => _contested.Add(size);

    public void Remove(MetadataCopy copy) => _shared.Remove(copy);

    /// <summary>The copy for a peer's pieces; null if there is no room for it now.</summary>
    public MetadataCopy? For(MetadataSource source, double now) => _contested.Contains(source.Size) ? OwnCopyFor(source, now) : SharedCopyFor(source.Size, now);

    private MetadataCopy? OwnCopyFor(MetadataSource source, double now)
    {
        if (source.OwnCopy is not null)
            return source.OwnCopy;
        if (!HasRoom(source.Size))
        {
            foreach (MetadataSource other in Sources)
            {
                if (other.OwnCopy is { } copy && now - copy.ProgressAt > MetadataFetch.PatienceSeconds)
                    other.OwnCopy = null; // its turn is over; it may start again when there is room
            }
        }

        return HasRoom(source.Size) ? source.OwnCopy = new MetadataCopy(source.Size, now) : null;
    }

    private MetadataCopy? SharedCopyFor(int size, double now)
    {
        if (_shared.Find(copy => copy.Size == size) is { } known)
            return known;
        if (!HasRoom(size) && !MakeRoom(size, now))
            return null;
        var begun = new MetadataCopy(size, now);
        _shared.Add(begun);
        return begun;
    }

    private bool HasRoom(int size)
    {
        int copies = 0;
        long bytes = size;
        foreach (MetadataCopy copy in Copies())
        {
            copies++;
            bytes += copy.Size;
        }

        return copies < MaxCopies || bytes <= SmallTogether;
    }

    /// <summary>Discards a copy that makes no progress, or whose size fewer peers declare.</summary>
    private bool MakeRoom(int size, double now)
    {
        if (_shared.Count == 0)
            return false;
        MetadataCopy least = _shared.OrderBy(copy => Claimants(copy.Size)).ThenBy(copy => copy.ProgressAt).First();
        MetadataCopy? stuck = _shared.Find(copy => now - copy.ProgressAt > MetadataFetch.PatienceSeconds);
        return _shared.Remove(Claimants(least.Size) < Claimants(size) ? least : stuck!);
    }

    private int Claimants(int size) => Sources.Count(source => source.Size == size && !source.IsLiar);
}
