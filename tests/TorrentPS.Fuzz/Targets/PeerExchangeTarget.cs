using System.Text;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Wire;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>A peer exchange message.</summary>
internal sealed class PeerExchangeTarget : FuzzTarget
{
    public override string Name => "pex";

    public override string Description => "peer exchange messages (BEP 11)";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. ((string[])["d5:added12:aaaabbccccdd7:added.f2:\x01\x02" + "6:added618:aaaaaaaaaaaaaaaabb8:added6.f1:\x10" + "7:dropped6:eeeeff8:dropped60:e", "d5:added0:e", "de"]).Select(Encoding.Latin1.GetBytes),
    ];

    public override IReadOnlyList<string> Words => ["added", "added.f", "added6", "added6.f", "dropped", "dropped6"];

    public override int Try(byte[] input)
    {
        try
        {
            PeerExchangeMessage message = PeerExchangeMessage.Read(input);
            Require(message.Added.Count <= 2 * PeerExchangeMessage.MaxRead && message.Dropped.Count <= 2 * PeerExchangeMessage.MaxRead, "there are too many peers");
            PeerExchangeMessage again = PeerExchangeMessage.Read(message.ToBytes());
            Require(again.Added.SequenceEqual(message.Added) && again.Dropped.SequenceEqual(message.Dropped), "what was read is written differently");
            return HashCode.Combine(Math.Min(2, message.Added.Count), Math.Min(2, message.Dropped.Count));
        }
        catch (BencodeException e)
        {
            return Outcome(e.Message);
        }
    }
}
