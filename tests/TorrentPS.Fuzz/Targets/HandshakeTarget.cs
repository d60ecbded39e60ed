using System.Text;
using TorrentPS.Engine.Wire;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>A handshake and the peer id in it.</summary>
internal sealed class HandshakeTarget : FuzzTarget
{
    public HandshakeTarget()
    {
        string[] ids = ["-qB4520-abcdefghijkl", "-TR300Z-abcdefghijkl", "M7-9-2--abcdefghijkl", "exbc\0\u0038LORDefghijklmn", "S58B-----abcdefghijk", "OP7685abcdefghijklmn", "-BOWA0C-abcdefghijkl", "\0\0\0\0\0\0\0\0\0\0\0\0UDP0\0\0\0\0"];
        Seeds = [.. ids.Select(id =>
        {
            byte[] bytes = new byte[Handshake.Length];
            Handshake.Write(bytes, "aaaaaaaaaaaaaaaaaaaa"u8, Encoding.Latin1.GetBytes(id.PadRight(PeerId.Length, 'x')[..PeerId.Length]), usesDht: true);
            return bytes;
        })];
    }

    public override string Name => "handshake";

    public override string Description => "handshakes, and the client that a peer id tells";

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override InputShape Shape => InputShape.Bytes;

    public override IReadOnlyList<string> Words => ["\u0013BitTorrent protocol", "-TR", "-AZ", "-UT", "-lt", "M7", "exbc", "LORD", "Plus", "XBT", "Mbrst", "T03I"];

    public override int MaxLength => 512;

    public override int Try(byte[] input)
    {
        _ = Handshake.IsPrefix(input);
        if (Handshake.Read(input) is not { } handshake)
        {
            _ = PeerId.ClientName(input);
            _ = PeerId.ToText(input);
            return 0;
        }

        string? client = PeerId.ClientName(handshake.PeerId);
        Require(client is null || !client.Any(char.IsControl), "the client's name has control characters");
        Require(PeerId.ToText(handshake.PeerId) is { } text && text.All(c => c is > ' ' and < '\x7f'), "the peer id is not shown in ASCII");
        return HashCode.Combine(handshake.SupportsDht, handshake.SupportsExtensions, handshake.SupportsFast, handshake.SupportsV2, client is null);
    }
}
