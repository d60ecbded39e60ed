using System.Text;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>The reader, and conversion to objects and back.</summary>
internal sealed class BencodeTarget : FuzzTarget
{
    public override string Name => "bencode";

    public override string Description => "bencoded data, token by token, as objects and back";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. ((string[])["i0e", "0:", "le", "de", "li-1e4:spamd1:a1:b1:cleee", "d3:cow3:moo4:spaml1:a1:bee", "i9223372036854775807e", "d1:bi1e1:ai2ee", "i123456789012345678901234567890e"]).Select(Encoding.ASCII.GetBytes),
    ];

    // A dictionary object takes some hundred bytes for the few of an entry.
    public override long MaxAllocated(int length) => 256 * 1024 + 1024L * length;

    public override int Try(byte[] input)
    {
        int outcome = 0;
        try
        {
            var reader = new BencodeReader(input);
            while (reader.Read())
            {
                Require(reader.Position > reader.TokenStart && reader.Position <= input.Length, "a token ends beyond the data or before it begins");
                outcome = reader.TokenType == BencodeTokenType.Integer && reader.GetInt64() < 0 ? 1 : 2;
            }
        }
        catch (BencodeException e)
        {
            Require(e.ByteOffset >= 0 && e.ByteOffset <= input.Length, $"the fault is at byte {e.ByteOffset} of {input.Length}");
            outcome = Outcome(e.Message);
        }

        try
        {
            byte[] again = BencodeConvert.Encode(BencodeConvert.Decode(input));
            Require(again.AsSpan().SequenceEqual(input), "what was read is written differently");
            return outcome;
        }
        catch (BencodeException e)
        {
            return HashCode.Combine(outcome, Outcome(e.Message));
        }
    }
}
