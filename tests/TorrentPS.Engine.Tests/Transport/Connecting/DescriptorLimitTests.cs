using TorrentPS.Engine.Transport.Connecting;

namespace TorrentPS.Engine.Tests.Transport.Connecting;

public sealed class DescriptorLimitTests
{
    [Theory]
    [InlineData(500, 1024, 500)]
    [InlineData(2000, 1024, 640)]
    [InlineData(500, 256, 64)]
    [InlineData(500, 1, 1)]
    [InlineData(10_000, int.MaxValue, 10_000)]
    public void Files_always_have_descriptors_beside_connections(int wanted, long descriptors, int expected) =>
        Assert.Equal(expected, DescriptorLimit.Connections(wanted, descriptors));

    [Fact]
    public void This_system_reports_its_limit() => Assert.InRange(DescriptorLimit.Connections(500), 1, 500);
}
