namespace TorrentPS;

/// <summary>
/// The state of a piece in a transfer. Withheld becomes Queued when the hash is known, Queued becomes Open with the first request, Open becomes Verifying with the last
/// block, and Verifying becomes Have when hash and write succeed, Queued when they fail, or Open when only some blocks are fetched again. An open piece without data and
/// requests returns to Queued. A piece that another program changes becomes Queued again, or Withdrawn if nothing else is missing. A missing piece becomes NotWanted when all
/// its files are skipped, and Queued when one of them is wanted again.
/// </summary>
public enum PieceState : byte
{
    /// <summary>In no wanted file.</summary>
    NotWanted,

    /// <summary>Wanted, but its hash is not known yet, so that it could not be verified (BEP 52).</summary>
    Withheld,

    /// <summary>Wanted, without requests or received blocks.</summary>
    Queued,

    /// <summary>Some blocks are requested, or held in memory.</summary>
    Open,

    /// <summary>All blocks are received; the hash is compared and the data written, or the bad blocks are being identified.</summary>
    Verifying,

    /// <summary>Verified and written.</summary>
    Have,

    /// <summary>Verified before, changed by another program since, and not downloaded again.</summary>
    Withdrawn,
}
