namespace TorrentPS.Engine.Storage;

/// <summary>Where to read the bytes of a piece.</summary>
internal enum ByteSource
{
    /// <summary>Bytes of wanted files in the files, the others in the parts file: the places that they are written to.</summary>
    Selection,

    /// <summary>The same for the selection that the resume file was saved with.</summary>
    PreviousSelection,

    /// <summary>All in the files.</summary>
    Files,

    /// <summary>Bytes of existing files in the files, the others in the parts file.</summary>
    Present,

    /// <summary>In other files, which may have the same bytes (BEP 38); without such a file, as <see cref="Selection"/>.</summary>
    Donors,
}
