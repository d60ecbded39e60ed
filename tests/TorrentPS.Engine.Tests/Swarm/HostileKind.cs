namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>What a <see cref="HostilePeer"/> does.</summary>
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

    /// <summary>From here on: those that do nothing that is forbidden, only nothing of use.</summary>
    SilentFromTheBeginning,
    SilentAfterUnchoke,
    OneByteASecond,
    LengthAlone,
}
