using FsCheck.Xunit;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm.Picking;

/// <summary>Whatever peers, disk and chance do: a piece is in exactly one state, memory is accounted for, and a peer that has everything can finish.</summary>
public sealed class PiecePickerPropertyTests
{
    private const int Steps = 250;

    [Property(MaxTest = 120)]
    public void Any_sequence_of_events_leaves_consistent_counts(int seed)
    {
        (PickerHarness harness, Torrent torrent, Random random) = Start(seed);
        for (int step = 0; step < Steps; step++)
        {
            Step(harness, torrent, random);
            harness.Check();
        }

        harness.Picker.AbandonAll();
        harness.WriteAll();
        Assert.Equal(0, harness.Pool.Reserved);
    }

    [Property(MaxTest = 80)]
    public void One_seed_can_complete_what_others_left_behind(int seed)
    {
        (PickerHarness harness, Torrent torrent, Random random) = Start(seed);
        for (int step = 0; step < Steps; step++)
            Step(harness, torrent, random);
        foreach (PeerState peer in harness.Peers)
            harness.Snub(peer); // they stay connected and send nothing
        PeerState last = SwarmData.Seed(torrent.PieceCount);
        harness.Join(last);
        Finish(harness, [last]);
    }

    [Property(MaxTest = 80)]
    public void All_peers_together_finish(int seed)
    {
        (PickerHarness harness, Torrent torrent, Random random) = Start(seed);
        for (int step = 0; step < Steps; step++)
            Step(harness, torrent, random);
        harness.Join(SwarmData.Seed(torrent.PieceCount));
        foreach (PeerState peer in harness.Peers)
            peer.IsChokingUs = false;
        Finish(harness, harness.Peers);
    }

    private static void Finish(PickerHarness harness, List<PeerState> peers)
    {
        for (int round = 0; round < 3000 && harness.Picker.Missing > 0; round++)
        {
            foreach (PeerState peer in peers)
            {
                for (int i = 0; i < 4 && harness.Ask(peer); i++)
                {
                }
            }

            foreach (PeerState peer in peers)
            {
                if (peer.Outstanding.Count > 0)
                    harness.Receive(peer, 0);
            }

            harness.Picker.AbandonUnfinishable(harness.Peers);
            harness.WriteSegment(_ => true);
            harness.WriteSegment(_ => true);
        }

        harness.Check();
        Assert.Equal(0, harness.Picker.Missing);
        Assert.Equal(0, harness.Pool.Reserved);
    }

    private static (PickerHarness Harness, Torrent Torrent, Random Random) Start(int seed)
    {
        Random random = new(seed);
        int[] sizes = [1, 3, 16, 24, 40];
        Torrent torrent = SwarmData.Pieces(random.Next(1, 14), sizes[random.Next(sizes.Length)], random.Next(3) == 0 ? 1 : 0);
        Bitfield wanted = SwarmData.Set(torrent.PieceCount, Enumerable.Range(0, torrent.PieceCount).Where(_ => random.Next(6) > 0));
        Bitfield have = SwarmData.Set(torrent.PieceCount, Enumerable.Range(0, torrent.PieceCount).Where(_ => random.Next(6) == 0));
        PickerHarness harness = new(torrent, wanted, have, random.Next(3) == 0, seed);
        harness.Check();
        return (harness, torrent, random);
    }

    private static void Step(PickerHarness harness, Torrent torrent, Random random)
    {
        harness.Now += random.NextDouble();
        if (harness.Peers.Count == 0 || (harness.Peers.Count < 6 && random.Next(12) == 0))
        {
            int density = random.Next(1, 4);
            PeerState joined = SwarmData.Peer(torrent.PieceCount, Enumerable.Range(0, torrent.PieceCount).Where(_ => random.Next(3) < density));
            joined.Rate = Math.Pow(10, random.Next(3, 7));
            harness.Join(joined);
            return;
        }

        PeerState peer = harness.Peers[random.Next(harness.Peers.Count)];
        switch (random.Next(30))
        {
            case 0:
                harness.Leave(peer);
                break;
            case 1:
                harness.Choke(peer);
                break;
            case 2 or 3:
                peer.IsChokingUs = false;
                break;
            case 4:
                harness.Snub(peer);
                break;
            case 5 or 6:
                harness.Picker.PeerHas(peer, random.Next(torrent.PieceCount));
                break;
            case 7:
                harness.Picker.AbandonUnfinishable(harness.Peers);
                break;
            case < 16:
                for (int i = random.Next(1, 30); i > 0 && harness.Ask(peer); i--)
                {
                }

                break;
            case < 26:
                for (int i = random.Next(1, 30); i > 0 && peer.Outstanding.Count > 0; i--)
                    harness.Receive(peer, random.Next(4) == 0 ? random.Next(peer.Outstanding.Count) : 0);
                break;
            default:
                harness.WriteSegment(_ => random.Next(3) > 0);
                break;
        }
    }
}
