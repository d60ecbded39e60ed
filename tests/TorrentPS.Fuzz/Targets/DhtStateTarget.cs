using System.Net;
using TorrentPS.Engine.Discovery.Dht;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>The file of the DHT's nodes.</summary>
internal sealed class DhtStateTarget : FuzzTarget
{
    public override string Name => "dht-state";

    public override string Description => "what is kept of the DHT from run to run";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        new DhtState
        {
            IdV4 = NodeId.Read("aaaaaaaaaaaaaaaaaaaa"u8), IdV6 = NodeId.Read("bbbbbbbbbbbbbbbbbbbb"u8), NodesV4 = [new DhtContact(NodeId.Read("cccccccccccccccccccc"u8), IPEndPoint.Parse("192.0.2.1:1"))],
            NodesV6 = [new DhtContact(NodeId.Read("dddddddddddddddddddd"u8), IPEndPoint.Parse("[2001:db8::1]:2"))],
        }.Write(),
        new DhtState().Write(),
    ];

    public override IReadOnlyList<string> Words => ["id", "id6", "nodes", "nodes6"];

    public override int Try(byte[] input)
    {
        if (DhtState.Read(input) is not { } state)
            return 0;
        Require(state.NodesV4.Count <= DhtState.MaxNodes && state.NodesV6.Count <= DhtState.MaxNodes, "there are too many nodes");
        DhtState again = DhtState.Read(state.Write())!;
        Require(again.IdV4 == state.IdV4 && again.IdV6 == state.IdV6 && again.NodesV4.SequenceEqual(state.NodesV4) && again.NodesV6.SequenceEqual(state.NodesV6), "what was read is written differently");
        return HashCode.Combine(state.IdV4 is null, state.IdV6 is null, Math.Min(3, state.NodesV4.Count), Math.Min(3, state.NodesV6.Count));
    }
}
