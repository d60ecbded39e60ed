namespace TorrentPS.Fuzz.Fuzzing;

/// <summary>The structure of inputs, so that mutations are not refused at the first byte.</summary>
internal enum InputShape
{
    /// <summary>Plain bytes.</summary>
    Bytes,

    /// <summary>A bencoded value, possibly followed by other bytes.</summary>
    Bencoded,

    /// <summary>A byte, and then messages, each preceded by its length in four bytes.</summary>
    Messages,

    /// <summary>Bencoded packets, each preceded by its length in two bytes.</summary>
    Packets,

    /// <summary>Text in lines or with delimiters.</summary>
    Text,
}
