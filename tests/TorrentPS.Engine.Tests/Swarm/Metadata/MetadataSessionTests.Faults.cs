using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Engine.Tests.Transport;

namespace TorrentPS.Engine.Tests.Swarm.Metadata;

/// <content>Effects that outlast a connection: the lie of its peer, and a fault of this program.</content>
public sealed partial class MetadataSessionTests
{
    [Fact]
    public async Task A_sender_of_wrong_metadata_is_banned_even_if_it_has_left()
    {
        MetadataGiver liar = new(s_wrong) { Answer = piece => piece < 4 ? [new MetadataGiver(s_wrong).Piece(piece)] : throw new IOException(), ClosesOnFault = true };
        Start();
        Connect(liar);
        Assert.True(await Task.Run(() => SpinWait.SpinUntil(() => liar.IsClosed, s_limit), TestContext.Current.CancellationToken));
        Connect(new MetadataGiver(s_metadata));
        Assert.Equal(s_metadata, (await EndAsync()).Torrent.InfoBytes);
        Assert.Contains(Log(), line => line.EndsWith("is banned: it sent wrong metadata", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_fault_with_one_connection_does_not_keep_others_from_being_handed_over()
    {
        MetadataGiver faulty = new(s_metadata), other = new(s_metadata);
        Start(handsOver: true);
        faulty.Start(Link.InfoHash.Wire);
        Assert.True(_services.Connector.TryReserve(0, isIncoming: false));
        _session.Swarm.Accept(new FaultyStream(faulty.Stream, new InvalidOperationException("injected"), sends: 2), faulty.Handshake); // with the first request
        Assert.True(await Task.Run(() => SpinWait.SpinUntil(() => faulty.Told is not null, s_limit), TestContext.Current.CancellationToken));
        Connect(other);
        SwarmHandover handover = (await EndAsync()).Handover!;
        Assert.Same(other.Handshake, Assert.Single(handover.Peers).Connection.Handshake);
        Assert.Contains(Log(), line => line.Contains("by a fault of this program: System.InvalidOperationException: injected", StringComparison.Ordinal));
        await handover.CloseAsync(_services.Connector);
    }
}
