using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Tests.Net;

/// <summary>The choice of the entry to evict when all places are taken.</summary>
public sealed class EvictionChoiceTests
{
    [Theory]
    [InlineData(0, "a:1@5 b:3@5 c:2@5", "b")] // of the client with the most entries
    [InlineData(0, "a:2@5 b:2@3 c:2@4", "b")] // the oldest
    [InlineData(0, "a:2@5 b:2@5 c:2@5", "a")] // the first of equals
    [InlineData(0, "a:2@1 b:3@9 c:2@0", "b")] // but never of a client with fewer
    [InlineData(2, "a:2@5 b:1@3 c:3@4", "c")] // or of a client with more than the newcomer
    [InlineData(2, "a:2@5 b:1@3 c:2@1", null)] // otherwise none
    [InlineData(0, "", null)]
    public void It_is_the_oldest_entry_of_the_client_with_most_if_more_than_the_newcomers(int held, string candidates, string? expected)
    {
        EvictionChoice<string> choice = new(held);
        foreach (string candidate in candidates.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            choice.Offer(candidate[..1], candidate[2] - '0', candidate[4] - '0');
        Assert.Equal(expected is not null, choice.IsFound);
        Assert.Equal(expected, choice.Found);
    }

    [Fact]
    public void An_empty_default_is_told_from_none()
    {
        EvictionChoice<int> choice = new(0);
        Assert.False(choice.IsFound);
        choice.Offer(0, 1, 7);
        Assert.True(choice.IsFound);
        Assert.Equal(0, choice.Found);
    }
}
