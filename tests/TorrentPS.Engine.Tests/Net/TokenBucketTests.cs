using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Tests.Net;

public sealed class TokenBucketTests
{
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(1_000)]
    [InlineData(1_000_000)]
    public void However_much_was_overused_bytes_are_available_again_soon(long perSecond)
    {
        TokenBucket bucket = new(perSecond, _time);
        for (int i = 0; i < 1000; i++)
            bucket.GiveBack(-(1 << 20));
        Assert.Equal(-TokenBucket.MostOwed, bucket.Tokens);
        Assert.Equal(0, bucket.Take(1));
        _time.Advance(TimeSpan.FromSeconds((TokenBucket.MostOwed + 2.0) / perSecond));
        Assert.Equal(1, bucket.Take(1));
    }

    [Fact]
    public void Only_a_moments_worth_accumulates_also_of_returned_bytes()
    {
        TokenBucket bucket = new(1_000_000, _time);
        _time.Advance(TimeSpan.FromHours(1));
        bucket.GiveBack(1 << 30);
        Assert.Equal(250_000, bucket.Tokens);
        Assert.Equal(250_000, bucket.Take(int.MaxValue));
        Assert.True(bucket.IsEmpty);
    }

    [Fact]
    public void A_debt_shrinks_when_the_rate_is_lowered()
    {
        TokenBucket bucket = new(1_000_000, _time);
        bucket.GiveBack(-TokenBucket.MostOwed);
        bucket.PerSecond = 1000;
        Assert.Equal(-TokenBucket.Quantum, bucket.Tokens);
        bucket.PerSecond = 0;
        Assert.Equal(int.MaxValue, bucket.Take(int.MaxValue));
    }
}
