namespace TorrentPS.Fuzz.Fuzzing;

/// <summary>What inputs are made of, so that they can be changed without being refused at their first byte.</summary>
internal enum InputShape
{
    /// <summary>Just bytes.</summary>
    Bytes,

    /// <summary>A bencoded value, maybe with something behind it.</summary>
    Bencoded,

    /// <summary>A byte, and then messages, each behind its length in four bytes.</summary>
    Messages,

    /// <summary>Packets, each behind its length in two bytes, and bencoded.</summary>
    Packets,

    /// <summary>Text in lines or with delimiters.</summary>
    Text,
}
