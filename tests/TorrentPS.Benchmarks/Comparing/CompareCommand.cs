using System.CommandLine;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary><c>compare</c>: torrentps beside the installed clients.</summary>
internal sealed class CompareCommand
{
    private const string Get = "get";
    private const string Seed = "seed";

    private readonly Option<long> _size = MeasureOptions.Size();
    private readonly Option<long> _pieceLength = MeasureOptions.PieceLength();
    private readonly Option<int> _rounds = MeasureOptions.Rounds(5);
    private readonly Option<string?> _destination = MeasureOptions.Destination();
    private readonly Option<EncryptionMode> _encryption = MeasureOptions.Encryption();
    private readonly Option<bool> _markdown = MeasureOptions.Markdown();
    private readonly Option<int> _seeders = new("--seeders") { Description = "How many seeders there are.", DefaultValueFactory = _ => 1 };
    private readonly Option<int> _delay = new("--delay") { Description = "Milliseconds that the way to the seeders and back takes longer.", DefaultValueFactory = _ => 0 };
    private readonly Option<string> _direction = new("--direction") { Description = "Whether the clients download, or seed to one downloader.", DefaultValueFactory = _ => Get };
    private readonly Option<int> _timeout = new("--timeout") { Description = "Seconds that one run may take.", DefaultValueFactory = _ => 120 };
    private readonly Option<int> _calm = new("--wait-calm") { Description = "Seconds to wait at most, before each run, for other programs to be quiet.", DefaultValueFactory = _ => 10 };
    private readonly Option<string?> _torrentPS = new("--torrentps") { Description = "The torrentps to measure; that of the build by default.", HelpName = "FILE" };
    private readonly Option<string[]> _clients = new("--client") { Description = "Only this client; may be given several times.", HelpName = "NAME", AllowMultipleArgumentsPerToken = true };

    public static Command Create()
    {
        var compare = new CompareCommand();
        var command = new Command("compare", "Compare torrentps with the clients that are installed, on loopback (Linux).")
        {
            compare._size, compare._pieceLength, compare._seeders, compare._delay, compare._destination, compare._rounds, compare._encryption, compare._direction,
            compare._clients, compare._timeout, compare._calm, compare._torrentPS, compare._markdown,
        };
        compare._direction.AcceptOnlyFromAmong(Get, Seed);
        compare._clients.AcceptOnlyFromAmong([.. ComparedClient.All(null).Select(client => client.Name)]);
        compare._seeders.Validators.Add(result => MeasureOptions.Require(result, result.GetValueOrDefault<int>() is >= 1 and <= 100, "must be 1 to 100"));
        compare._delay.Validators.Add(result => MeasureOptions.Require(result, result.GetValueOrDefault<int>() is >= 0 and <= 10_000, "must be 0 to 10000"));
        compare._timeout.Validators.Add(result => MeasureOptions.Require(result, result.GetValueOrDefault<int>() is >= 1 and <= 3600, "must be 1 to 3600"));
        compare._calm.Validators.Add(result => MeasureOptions.Require(result, result.GetValueOrDefault<int>() is >= 0 and <= 600, "must be 0 to 600"));
        command.SetAction(compare.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
        {
            await Console.Error.WriteLineAsync("compare needs Linux: the cost of other programs is read from /proc, and every peer has an address of 127.0.0.0/8.").ConfigureAwait(false);
            return 1;
        }

        var options = new CompareOptions
        {
            Size = result.GetValue(_size),
            PieceLength = (int)result.GetValue(_pieceLength),
            Seeders = result.GetValue(_seeders),
            Rounds = result.GetValue(_rounds),
            Delay = TimeSpan.FromMilliseconds(result.GetValue(_delay)),
            Destination = result.GetValue(_destination),
            Encryption = result.GetValue(_encryption),
            IsSeeding = result.GetValue(_direction) == Seed,
            Clients = result.GetValue(_clients) ?? [],
            Timeout = TimeSpan.FromSeconds(result.GetValue(_timeout)),
            CalmLimit = TimeSpan.FromSeconds(result.GetValue(_calm)),
            TorrentPSPath = result.GetValue(_torrentPS),
            Markdown = result.GetValue(_markdown),
        };
        var comparison = new Comparison(options, Console.Error);
        await using (comparison.ConfigureAwait(false))
        {
            ComparisonTable table = await comparison.RunAsync(cancellationToken).ConfigureAwait(false);
            Console.Write(table.ToString());
            return table.IsComplete ? 0 : 1;
        }
    }
}
