using System.Text;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Wire;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>A metadata message (BEP 9).</summary>
internal sealed class MetadataTarget : FuzzTarget
{
    public override string Name => "metadata";

    public override string Description => "metadata messages (BEP 9)";

    public override IReadOnlyList<byte[]> Seeds { get; } =
        [.. ((string[])["d8:msg_typei0e5:piecei0ee", "d8:msg_typei1e5:piecei3e10:total_sizei50000eexxxxxxxxxx", "d8:msg_typei2e5:piecei7ee"]).Select(Encoding.ASCII.GetBytes)];

    public override IReadOnlyList<string> Words => ["msg_type", "piece", "total_size"];

    public override int Try(byte[] input)
    {
        try
        {
            MetadataMessage message = MetadataMessage.Read(input, out ReadOnlySpan<byte> data);
            Require(message.Piece >= 0 && (long)message.Piece * MetadataMessage.BlockLength < MetadataMessage.MaxSize, "a piece is beyond the metadata");
            Require(message.TotalSize is null or (> 0 and <= MetadataMessage.MaxSize) && data.Length < input.Length, "a size is beyond the limit");
            Require(MetadataMessage.Read(message.ToBytes(), out _) == message, "what was read is written differently");
            return HashCode.Combine((int)message.Type is >= 0 and <= 2 ? message.Type : (MetadataMessageType)3, message.TotalSize is null, data.IsEmpty);
        }
        catch (BencodeException e)
        {
            return Outcome(e.Message);
        }
    }
}
