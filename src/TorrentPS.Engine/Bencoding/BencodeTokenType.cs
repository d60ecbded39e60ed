using System.Diagnostics.CodeAnalysis;

namespace TorrentPS.Engine.Bencoding;

/// <summary>The type of the token that a <see cref="BencodeReader"/> has read.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "The words of BEP 3.")]
public enum BencodeTokenType : byte
{
    /// <summary>Nothing: before the first token, or after the last.</summary>
    None,

    /// <summary>An integer.</summary>
    Integer,

    /// <summary>A byte string that is a value.</summary>
    String,

    /// <summary>A byte string that is a key of a dictionary.</summary>
    Key,

    /// <summary>The beginning of a list.</summary>
    StartList,

    /// <summary>The end of a list.</summary>
    EndList,

    /// <summary>The beginning of a dictionary.</summary>
    StartDictionary,

    /// <summary>The end of a dictionary.</summary>
    EndDictionary,
}
