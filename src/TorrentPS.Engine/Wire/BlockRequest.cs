namespace TorrentPS.Engine.Wire;

/// <summary>A block, as named in requests, cancels and rejects.</summary>
/// <param name="Piece">The piece's index.</param>
/// <param name="Begin">The offset in the piece, in bytes.</param>
/// <param name="Length">Its length in bytes.</param>
internal readonly record struct BlockRequest(int Piece, int Begin, int Length)
{
    /// <summary>The block length that every client requests and grants.</summary>
    public const int BlockLength = 16 * 1024;

    /// <summary>The longest block that we send; longer requests end the connection, as in other clients.</summary>
    public const int MaxLength = 128 * 1024;
}
