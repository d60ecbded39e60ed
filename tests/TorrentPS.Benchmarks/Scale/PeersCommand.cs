using System.CommandLine;
using TorrentPS.Benchmarks.Measuring;

namespace TorrentPS.Benchmarks.Scale;

/// <summary><c>peers</c>: a download from one peer compared with one from many, and from a fast one beside slow ones.</summary>
internal static class PeersCommand
{
    public static Command Create()
    {
        Option<long> size = MeasureOptions.Size(), pieceLength = MeasureOptions.PieceLength();
        Option<int> peers = Count("--peers", "Peers of the second download; together they send as fast as the one of the first.", 50), slow = Count("--slow", "Instead, slow peers beside a fast one.", 0);
        Option<long> rate = MeasureOptions.Bytes("--rate", "Bytes a second that all peers together send, or the fast one; without it no limit.", 0, 1L << 40);
        Option<long> slowRate = MeasureOptions.Bytes("--slow-rate", "Bytes a second that each slow peer sends.", 16 << 10, 1L << 40);
        Option<int> rounds = MeasureOptions.Rounds(3);
        Option<string?> destination = MeasureOptions.Destination();
        Option<bool> markdown = MeasureOptions.Markdown();
        var command = new Command("peers", "Compare a download from one peer with one from many at the same rate, or with slow peers beside the fast one.") { size, pieceLength, peers, rate, slow, slowRate, rounds, destination, markdown };
        command.SetAction(async (result, cancellationToken) =>
        {
            long all = result.GetValue(rate);
            int many = result.GetValue(slow) is > 0 and int some ? 0 : result.GetValue(peers), slowOnes = result.GetValue(slow);
            long[] second = many > 0 ? [.. Enumerable.Repeat(all == 0 ? 0 : Math.Max(all / many, 1), many)] : [all, .. Enumerable.Repeat(result.GetValue(slowRate), slowOnes)];
            var options = new PeersOptions
            {
                Size = result.GetValue(size),
                PieceLength = (int)result.GetValue(pieceLength),
                Rounds = result.GetValue(rounds),
                Destination = result.GetValue(destination),
                Markdown = result.GetValue(markdown),
                First = [all],
                Second = second,
                SecondName = many > 0 ? $"{many} peers" : $"beside {slowOnes} slow",
            };
            string table = await new PeersMeasurement(options, Console.Error).RunAsync(cancellationToken).ConfigureAwait(false);
            Console.WriteLine($"{ByteSize.Show(options.Size)} in pieces of {ByteSize.Show(options.PieceLength)}, {(all == 0 ? "no limit" : $"{ByteSize.Show(all)}/s")}, {options.Rounds} rounds, medians");
            Console.WriteLine(Machine.Description);
            Console.WriteLine();
            Console.Write(table);
            return 0;
        });
        return command;
    }

    private static Option<int> Count(string name, string description, int value)
    {
        Option<int> option = new(name) { Description = description, DefaultValueFactory = _ => value };
        option.Validators.Add(result => MeasureOptions.Require(result, result.GetValueOrDefault<int>() is >= 0 and <= 500, "must be 0 to 500"));
        return option;
    }
}
