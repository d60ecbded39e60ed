using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage.Records;

/// <summary>What a resume file says, held against the files as they are now. No piece is in both sets.</summary>
/// <param name="Have">The pieces that were verified and whose files have not changed since.</param>
/// <param name="Suspect">The pieces that may be there: their files have changed since, or the selection has. To be hashed before they count, and before they are downloaded.</param>
internal sealed record ResumeData(Bitfield Have, Bitfield Suspect);
