namespace TorrentPS.Engine.Metainfo;

/// <summary>Which generation of the protocol a torrent is for.</summary>
public enum TorrentVersion
{
    /// <summary>BEP 3: pieces of SHA-1 over all files in a row.</summary>
    V1,

    /// <summary>BEP 52: a SHA-256 merkle tree a file.</summary>
    V2,

    /// <summary>Both in one info dictionary.</summary>
    Hybrid,
}
