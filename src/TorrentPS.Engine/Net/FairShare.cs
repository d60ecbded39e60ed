namespace TorrentPS.Engine.Net;

/// <summary>Divides a scarce resource: small demands are met in full, and the others share the rest equally.</summary>
internal static class FairShare
{
    /// <summary>The maximum share, rounded down; <see cref="int.MaxValue"/> if there is enough for all.</summary>
    public static int Level(Span<int> wanted, long available)
    {
        wanted.Sort();
        for (int i = 0; i < wanted.Length; i++)
        {
            long each = available / (wanted.Length - i);
            if (each < wanted[i])
                return (int)Math.Max(each, 0);
            available -= wanted[i];
        }

        return int.MaxValue;
    }
}
