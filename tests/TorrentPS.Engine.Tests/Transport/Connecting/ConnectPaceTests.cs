using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Transport.Connecting;

namespace TorrentPS.Engine.Tests.Transport.Connecting;

public sealed class ConnectPaceTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_burst_and_then_a_rate_per_second()
    {
        var pace = new ConnectPace(30, 50, _time);
        Assert.Equal(50, Take(pace));
        _time.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal(6, Take(pace));
        int taken = 0;
        for (int i = 0; i < 50; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(200));
            taken += Take(pace);
        }

        Assert.InRange(taken, 299, 300);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(50, Take(pace));
    }

    [Fact]
    public void Unneeded_bytes_are_returned()
    {
        var pace = new ConnectPace(30, 50, _time);
        Take(pace);
        pace.GiveBack();
        Assert.Equal(1, Take(pace));
        _time.Advance(TimeSpan.FromHours(1));
        pace.GiveBack();
        Assert.Equal(50, Take(pace));
    }

    private static int Take(ConnectPace pace)
    {
        int count = 0;
        while (count < 1000 && pace.TryTake())
            count++;
        return count;
    }
}
