using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage.Records;

/// <summary>The content of a resume file, compared with the current files. No piece is in both sets.</summary>
/// <param name="Have">The verified pieces whose files have not changed since.</param>
/// <param name="Suspect">Pieces that may be complete: their files or the selection have changed since. They are hashed before they count, and before they are
/// downloaded.</param>
internal sealed record ResumeData(Bitfield Have, Bitfield Suspect);
