using System.Net;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Swarm;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Tests.Trackers;

/// <summary>The address that trackers are told.</summary>
public sealed class AnnouncedAddressTests
{
    private static readonly Sample s_sample = Sample.Make(65536, 5, ("one.bin", 100_000));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Trackers_that_trust_an_announced_address_list_it(bool byUdp)
    {
        var listed = new TaskCompletionSource<IPEndPoint>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TrackerServer tracker = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0), new TrackerServerOptions { TrustsGivenAddress = true, OnAnnounce = announce => listed.TrySetResult(announce.EndPoint) });
        Uri uri = byUdp ? tracker.UdpAnnounceUri! : tracker.AnnounceUri;
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, s_sample.Torrent.With([], uri), client: new TorrentClientOptions { AnnounceAddress = IPAddress.Parse("192.0.2.9") });
        Assert.Equal("192.0.2.9", (await listed.Task.WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken)).Address.ToString());
    }
}
