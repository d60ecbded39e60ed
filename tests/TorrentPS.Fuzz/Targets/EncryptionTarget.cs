using TorrentPS.Engine.Transport.Encryption;
using TorrentPS.Engine.Wire;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>
/// The bytes of a peer in the handshake of an encrypted connection. The first byte of the input selects our side, whether the peer exchanges keys and then encrypts the
/// rest of the input or sends it unchanged, and the length of its padding.
/// </summary>
internal sealed class EncryptionTarget : FuzzTarget
{
    private const int Initiates = 1;
    private const int IsRaw = 2;

    private static readonly byte[] s_infoHash = [.. "aaaaaaaaaaaaaaaaaaaa"u8];

    private readonly MseTorrents _torrents = new();

    public EncryptionTarget()
    {
        _torrents.Add(s_infoHash);
        byte[] hello = new byte[Handshake.Length];
        Handshake.Write(hello, s_infoHash, "-qB4520-abcdefghijkl"u8, usesDht: true);
        byte[] zeros = new byte[8], key = new KeyExchange([1, 2, 3, 4]).PublicKey.ToArray();
        Seeds =
        [
            [0, .. zeros, 0, 0, 0, 3, 0, 0, 0, Handshake.Length, .. hello],
            [40, .. zeros, 0, 0, 0, 2, 0, 5, 0, 0, 0, 0, 0, 0, 0, .. hello],
            [Initiates, .. zeros, 0, 0, 0, 2, 0, 3, 0, 0, 0, .. hello],
            [Initiates + 40, .. zeros, 0, 0, 0, 1, 0, 0, .. hello],
            [IsRaw, .. hello],
            [IsRaw, .. key, .. hello],
            [IsRaw + Initiates, .. key, .. new byte[600]],
        ];
    }

    public override string Name => "encryption";

    public override string Description => "the handshake of encrypted connections, from both sides";

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override InputShape Shape => InputShape.Bytes;

    public override int MaxLength => 80 * 1024;

    public override int Try(byte[] input)
    {
        if (input.Length == 0)
            return 0;
        bool initiates = (input[0] & Initiates) != 0;
        var stream = new EncryptionStream(input[1..], s_infoHash, weInitiate: initiates, isRaw: (input[0] & IsRaw) != 0, padding: 2 * input[0]);
        Task<MseResult> handshake = initiates
            ? MseHandshake.InitiateAsync(stream, s_infoHash, CryptoMethods.Plain | CryptoMethods.Rc4, new byte[Handshake.Length], default, new MsePadding(10, 10))
            : MseHandshake.AcceptAsync(stream, default, _torrents, CryptoMethods.Plain | CryptoMethods.Rc4, CryptoMethods.Rc4, default, new MsePadding(10, 10));
        Require(handshake.IsCompleted, "the handshake waits for more than there is");
        try
        {
            MseResult result = handshake.GetAwaiter().GetResult();
            Require(result.InfoHash.Span.SequenceEqual(s_infoHash), "the peer is given a torrent that is not here");
            Require(result.Received.Length <= input.Length, "more was received than was sent");
            Require(result.Method is CryptoMethods.Plain or CryptoMethods.Rc4, "the method is none");
            return HashCode.Combine(result.Method, result.Incoming is null, Math.Min(result.Received.Length, 100));
        }
        catch (MseException e)
        {
            return Outcome(e.Message);
        }
    }
}
