namespace TorrentPS.Engine.Wire;

/// <summary>A block as requests, cancels and rejects name it.</summary>
/// <param name="Piece">The piece's index.</param>
/// <param name="Begin">Where in the piece it begins, in bytes.</param>
/// <param name="Length">Its length in bytes.</param>
internal readonly record struct BlockRequest(int Piece, int Begin, int Length)
{
    /// <summary>The block length that every client asks for and grants.</summary>
    public const int BlockLength = 16 * 1024;

    /// <summary>The longest block that we send; longer requests are answered by closing, as other clients do.</summary>
    public const int MaxLength = 128 * 1024;
}
