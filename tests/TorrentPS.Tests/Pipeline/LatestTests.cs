using Microsoft.Extensions.Time.Testing;
using TorrentPS.Pipeline;

namespace TorrentPS.Tests.Pipeline;

public sealed class LatestTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Latest<string> _latest;

    public LatestTests() => _latest = new Latest<string>(TimeSpan.FromMilliseconds(200), _time);

    [Fact]
    public void Only_the_newest_value_is_taken()
    {
        Assert.True(_latest.Put("a"));
        Assert.False(_latest.Put("b"));

        Assert.Equal("b", _latest.Take());
        Assert.Null(_latest.Take());
    }

    [Fact]
    public void Values_are_passed_on_no_faster_than_the_interval()
    {
        int taken = 0;
        for (int millisecond = 0; millisecond < 1000; millisecond++)
        {
            _latest.Put("x");
            if (_latest.Take() is not null)
                taken++;
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(5, taken);
    }

    [Fact]
    public void The_consumer_is_notified_again_after_an_early_value()
    {
        _latest.Put("a");
        _latest.Take();
        _latest.Put("b");
        Assert.Null(_latest.Take());

        Assert.True(_latest.Put("c"));
    }
}
