namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>The behaviour of a <see cref="HostilePeer"/>.</summary>
public enum HostileKind
{
    WrongData,
    WrongDataInOneBlockOfHundred,
    TruncatedMessages,
    OversizedMessage,
    UnknownMessages,
    UnknownExtensionMessages,
    LongBitfield,
    ShortBitfield,
    SpareBits,
    RepeatedBitfield,
    HaveOutOfRange,
    HavesWithoutEnd,
    UnaskedPieces,
    WrongOffset,
    ShortBlocks,
    RequestsBeyondThePiece,
    RequestsWithoutEnd,
    InterestToAndFro,
    ChokesToAndFro,
    ExchangeWithoutEnd,
    ExtensionHandshakesWithoutEnd,
    MetadataRequestsWithoutEnd,
    KeepAlivesWithoutEnd,
    ClosesAtOnce,
    Garbage,
    AnotherTorrent,
    OurOwnId,

    /// <summary>From here on: peers that do nothing forbidden, but nothing useful.</summary>
    SilentFromTheBeginning,
    SilentAfterUnchoke,
    OneByteASecond,
    LengthAlone,
}
