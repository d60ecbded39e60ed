using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Which peers a limit on rates is for.</summary>
public sealed class PeerLimitTests
{
    private const int Blocks = 20;

    private static readonly Sample s_sample = Sample.Make(Blocks * BlockRequest.BlockLength, 9, ("one.bin", Blocks * BlockRequest.BlockLength));

    [Theory]
    [InlineData("10.0.0.2", false)]
    [InlineData("192.168.1.2", false)]
    [InlineData("169.254.1.2", false)]
    [InlineData("100.64.0.2", false)]
    [InlineData("fd00::2", false)]
    [InlineData("fe80::2", false)]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("203.0.113.2", true)]
    [InlineData("2001:db8::2", true)]
    public void Peers_in_the_local_network_count_only_on_request(string address, bool isCounted)
    {
        var limiter = new RateLimiter(1, TimeProvider.System);
        Assert.Equal(isCounted, new PeerLimit(limiter, countsLocal: false).Counts(IPAddress.Parse(address)));
        Assert.Equal(isCounted, new PeerLimit(limiter, countsLocal: false).Of(IPAddress.Parse(address)).IsLimited);
        Assert.True(new PeerLimit(limiter, countsLocal: true).Of(IPAddress.Parse(address)).IsLimited);
    }

    /// <summary>While no time passes the limit of 1 KiB a second lets next to nothing through.</summary>
    [Theory]
    [InlineData("10.0.0.2", false, true)]
    [InlineData("10.0.0.2", true, false)]
    [InlineData("203.0.113.2", false, false)]
    public async Task A_seeds_limit_does_not_apply_to_the_local_network(string address, bool limitsLocal, bool isFree)
    {
        await using var swarm = new PhasedSwarm(SwarmPhase.Seeding, s_sample, change: options => options with { LimitLocalPeers = limitsLocal });
        (MemoryPeerStream peer, _) = swarm.Come(IPAddress.Parse(address), PhasedSwarm.Id(1));
        byte[] requests = new byte[PeerMessage.PrefixLength + 1];
        PeerMessage.WriteHeader(requests, MessageId.Interested, 0);
        peer.Send(requests);
        for (int block = 0; block < Blocks; block++)
        {
            byte[] request = new byte[17];
            PeerMessage.WriteBlock(request, MessageId.Request, new BlockRequest(0, block * BlockRequest.BlockLength, BlockRequest.BlockLength));
            peer.Send(request);
        }

        if (isFree)
        {
            PhasedSwarm.Until(() => peer.Waiting > Blocks * BlockRequest.BlockLength);
            return;
        }

        // Two seconds of the limit, and what it lets through at once at the beginning.
        await swarm.PassAsync(2, () => false).ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.InRange(peer.Waiting, 0, 10 * BlockRequest.BlockLength);
    }
}
