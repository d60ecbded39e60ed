namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>
/// What a piece is to a download: always exactly one of these. Withheld becomes Queued when its hash is known, Queued becomes Open when the first block is asked for, Open becomes Verifying
/// when the last block is there, Verifying becomes Have when hash and write succeeded and Queued again when not, or Open when only some of its blocks are to be fetched again. An open piece that nobody
/// works on and that has no data goes back to Queued. What other programs change of what is had becomes Queued again, or Withdrawn when nothing else is missing.
/// </summary>
internal enum PieceState : byte
{
    /// <summary>In no wanted file.</summary>
    NotWanted,

    /// <summary>Wanted, but its hash is not known yet, so that it could not be verified (BEP 52).</summary>
    Withheld,

    /// <summary>Wanted, and no block of it is asked for or held.</summary>
    Queued,

    /// <summary>Some blocks are asked for or held in memory.</summary>
    Open,

    /// <summary>All blocks are there; the hash is being compared and the data written, or it is being found out which blocks are bad.</summary>
    Verifying,

    /// <summary>Verified and written.</summary>
    Have,

    /// <summary>It was had, other programs have changed it since, and it is not fetched again.</summary>
    Withdrawn,
}
