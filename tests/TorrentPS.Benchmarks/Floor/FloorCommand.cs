using System.CommandLine;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Benchmarks.Floor;

/// <summary><c>floor</c>: a download compared with mere receiving, hashing and writing.</summary>
internal static class FloorCommand
{
    public static Command Create()
    {
        Option<long> size = MeasureOptions.Size(), pieceLength = MeasureOptions.PieceLength();
        Option<int> rounds = MeasureOptions.Rounds(3);
        Option<string?> destination = MeasureOptions.Destination();
        Option<EncryptionMode> encryption = MeasureOptions.Encryption();
        Option<bool> markdown = MeasureOptions.Markdown();
        var command = new Command("floor", "Compare a download over loopback with one thread that receives, hashes and writes the same bytes.") { size, pieceLength, rounds, destination, encryption, markdown };
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = new FloorOptions
            {
                Size = result.GetValue(size),
                PieceLength = (int)result.GetValue(pieceLength),
                Rounds = result.GetValue(rounds),
                Destination = result.GetValue(destination),
                Encryption = result.GetValue(encryption),
                Markdown = result.GetValue(markdown),
            };
            string table = await new FloorMeasurement(options, Console.Error).RunAsync(cancellationToken).ConfigureAwait(false);
            Console.WriteLine($"{ByteSize.Show(options.Size)} in pieces of {ByteSize.Show(options.PieceLength)}, {options.Rounds} rounds, encryption {options.Encryption.ToString().ToLowerInvariant()}, medians");
            Console.WriteLine(Machine.Description);
            Console.WriteLine();
            Console.Write(table);
            return 0;
        });
        return command;
    }
}
