using System.Text;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Wire;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>The extension protocol's handshake.</summary>
internal sealed class ExtensionTarget : FuzzTarget
{
    public override string Name => "extension";

    public override string Description => "handshakes of the extension protocol (BEP 10)";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. ((string[])
        [
            "d1:ei1e4:ipv44:\x01\x02\x03\x04" + "12:complete_agoi1e1:md11:ut_metadatai2e6:ut_pexi1ee13:metadata_sizei1234e1:pi6881e4:reqqi500e11:upload_onlyi1e1:v11:qBittorrent6:yourip4:\x01\x02\x03\x04" + "e",
            "d1:mdee", "d1:md12:ut_holepunchi4eee trailing",
        ]).Select(Encoding.Latin1.GetBytes),
    ];

    public override IReadOnlyList<string> Words => ["m", "v", "p", "reqq", "yourip", "metadata_size", "upload_only", "ut_metadata", "ut_pex", "ut_holepunch", "\xe2\x80\xae", "\xff\xfe", "\x1b[31m"];

    public override int Try(byte[] input)
    {
        ExtensionHandshake handshake;
        try
        {
            handshake = ExtensionHandshake.Read(input);
        }
        catch (BencodeException e)
        {
            return Outcome(e.Message);
        }

        Require(handshake.Extensions.Count <= 50, "there are too many extensions");
        Require(handshake.Client is null || (handshake.Client.Length <= 70 && !handshake.Client.Any(char.IsControl)), "the client's name is not fit to be shown");
        ExtensionHandshake again = ExtensionHandshake.Read(handshake.ToBytes());
        Require(again.Port == handshake.Port && again.MetadataSize == handshake.MetadataSize && again.RequestQueue == handshake.RequestQueue && again.IsUploadOnly == handshake.IsUploadOnly && Equals(again.YourIP, handshake.YourIP)
            && again.Client == handshake.Client && again.Extensions.Count == handshake.Extensions.Count, "what was read is written differently");
        return HashCode.Combine(handshake.Port is null, handshake.MetadataSize is null, handshake.RequestQueue is null, handshake.IsUploadOnly, handshake.YourIP is null, handshake.Client is null, Math.Min(3, handshake.Extensions.Count));
    }
}
