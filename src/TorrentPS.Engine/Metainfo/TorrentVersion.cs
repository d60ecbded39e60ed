namespace TorrentPS.Engine.Metainfo;

/// <summary>The protocol version of a torrent.</summary>
public enum TorrentVersion
{
    /// <summary>BEP 3: SHA-1 hashes of pieces over all files in a row.</summary>
    V1,

    /// <summary>BEP 52: a SHA-256 merkle tree for each file.</summary>
    V2,

    /// <summary>Both in one info dictionary.</summary>
    Hybrid,
}
