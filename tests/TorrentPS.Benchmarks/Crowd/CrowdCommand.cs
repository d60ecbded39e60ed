using System.CommandLine;
using TorrentPS.Benchmarks.Measuring;

namespace TorrentPS.Benchmarks.Crowd;

/// <summary><c>crowd</c>: one seeder and many downloaders, beside one seeder and one.</summary>
internal static class CrowdCommand
{
    public static Command Create()
    {
        Option<long> size = MeasureOptions.Size(64L << 20), pieceLength = MeasureOptions.PieceLength(256L << 10), limit = MeasureOptions.UploadLimit();
        Option<int> rounds = MeasureOptions.Rounds(1);
        Option<int> downloaders = new("--downloaders") { Description = "How many download at once.", DefaultValueFactory = _ => 30 };
        downloaders.Validators.Add(result => MeasureOptions.Require(result, result.GetValueOrDefault<int>() is >= 1 and <= 500, "must be 1 to 500"));
        Option<bool> stay = new("--stay") { Description = "Downloaders go on uploading until all have finished; they leave when they are done otherwise." };
        Option<bool> markdown = MeasureOptions.Markdown();
        var command = new Command("crowd", "Compare many that download at once from one seeder, and from each other, with one that downloads alone.")
        {
            size, pieceLength, limit, rounds, downloaders, stay, markdown,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = new CrowdOptions
            {
                Size = result.GetValue(size),
                PieceLength = (int)result.GetValue(pieceLength),
                UploadLimit = result.GetValue(limit),
                Rounds = result.GetValue(rounds),
                Downloaders = result.GetValue(downloaders),
                Stay = result.GetValue(stay),
                Markdown = result.GetValue(markdown),
            };
            string table = await new CrowdMeasurement(options, Console.Error).RunAsync(cancellationToken).ConfigureAwait(false);
            string uplink = options.UploadLimit == 0 ? "no upload limit" : $"each sends {ByteSize.Show(options.UploadLimit)}/s at most";
            Console.WriteLine($"{ByteSize.Show(options.Size)} in pieces of {ByteSize.Show(options.PieceLength)}, {uplink}, complete downloaders {(options.Stay ? "stay" : "leave")}, {options.Rounds} rounds, medians");
            Console.WriteLine(Machine.Description);
            Console.WriteLine();
            Console.Write(table);
            return 0;
        });
        return command;
    }
}
