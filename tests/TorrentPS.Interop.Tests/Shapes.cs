using TorrentPS.Interop.Tests.Harness;

namespace TorrentPS.Interop.Tests;

/// <summary>The shapes of torrents, by name.</summary>
public static class Shapes
{
    public static TheoryData<string> Names { get; } = [.. Enumerable.Range(14, 11).Select(power => $"pieces of {(1 << power) >> 10} KiB, the last of 1 byte"),
        "1 byte", "1 piece", "1 piece less 1 byte", "whole pieces", "300 files"];

    /// <summary>The data of a shape, and its piece length.</summary>
    internal static (Payload Payload, int PieceLength) Get(string name)
    {
        const int Piece = 32 << 10;
        if (name.StartsWith("pieces of ", StringComparison.Ordinal))
        {
            int length = int.Parse(name.Split(' ')[2], null) << 10;
            return (Payload.SingleFile("shape.bin", 2 * length + 1), length);
        }

        return name switch
        {
            "1 byte" => (Payload.SingleFile("1", 1), Piece),
            "1 piece" => (Payload.SingleFile("one piece.bin", Piece), Piece),
            "1 piece less 1 byte" => (Payload.SingleFile("almost.bin", Piece - 1), Piece),
            "whole pieces" => (Payload.SingleFile("whole.bin", 40 * Piece), Piece),
            "300 files" => (Payload.ManyFiles(), 64 << 10),
            _ => throw new ArgumentOutOfRangeException(nameof(name)),
        };
    }
}
