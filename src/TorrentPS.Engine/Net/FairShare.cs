namespace TorrentPS.Engine.Net;

/// <summary>Divides what is scarce among those who want some of it: who wants little gets that, and the others get equal parts of the rest.</summary>
internal static class FairShare
{
    /// <summary>The most that anyone gets, rounded down; <see cref="int.MaxValue"/> when there is enough for all.</summary>
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
