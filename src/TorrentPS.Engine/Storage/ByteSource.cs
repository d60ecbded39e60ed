namespace TorrentPS.Engine.Storage;

/// <summary>Where the bytes of a piece are looked for.</summary>
internal enum ByteSource
{
    /// <summary>Those of wanted files in the files, the others in the parts file: where they are written.</summary>
    Selection,

    /// <summary>The same for the selection that the resume file was saved with.</summary>
    PreviousSelection,

    /// <summary>All in the files.</summary>
    Files,

    /// <summary>Those of files that are there in the files, the others in the parts file.</summary>
    Present,

    /// <summary>In other files, which may have the same (BEP 38); where there is none, as for <see cref="Selection"/>.</summary>
    Donors,
}
