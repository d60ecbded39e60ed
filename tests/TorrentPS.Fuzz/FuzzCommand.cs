using System.CommandLine;
using TorrentPS.Fuzz.Fuzzing;
using TorrentPS.Fuzz.Targets;

namespace TorrentPS.Fuzz;

/// <summary>The command line.</summary>
internal static class FuzzCommand
{
    /// <summary>The exit code for wrong usage; otherwise it is the number of broken targets.</summary>
    public const int UsageError = 120;

    public static RootCommand Create()
    {
        Option<string[]> targets = new("--target") { Description = "What to try: names from --list, or all.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["all"] };
        Option<double> seconds = new("--seconds") { Description = "How long to try each target.", DefaultValueFactory = _ => 10 };
        Option<long> inputs = new("--inputs") { Description = "How many inputs to try on each target at most.", DefaultValueFactory = _ => long.MaxValue };
        Option<int> seed = new("--seed") { Description = "Where the random numbers begin: the same seed tries the same inputs. 0 takes a new one.", DefaultValueFactory = _ => 0 };
        Option<int> parallel = new("--parallel") { Description = "Targets to try at the same time.", DefaultValueFactory = _ => 1 };
        Option<bool> list = new("--list") { Description = "Show the targets." };
        Option<FileInfo?> replay = new("--replay") { Description = "Try this one file, with each target that is named." };
        Option<DirectoryInfo?> regressions = new("--regressions") { Description = "Where inputs that break something are kept; the project's own folder unless set." };
        var root = new RootCommand("Tries changed inputs on everything that reads bytes from outside.") { targets, seconds, inputs, seed, parallel, list, replay, regressions };
        root.SetAction(result =>
        {
            if (result.GetValue(list))
                return List();
            if (Choose(result.GetValue(targets)!) is not { } chosen)
                return UsageError;
            if (result.GetValue(replay) is { } file)
                return Replay(chosen, file);
            var options = new FuzzOptions
            {
                Duration = TimeSpan.FromSeconds(result.GetValue(seconds)),
                MaxInputs = result.GetValue(inputs),
                Seed = result.GetValue(seed) is not 0 and int given ? given : System.Security.Cryptography.RandomNumberGenerator.GetInt32(1, int.MaxValue),
                Parallel = Math.Max(1, result.GetValue(parallel)),
                Regressions = result.GetValue(regressions)?.FullName ?? Fuzzing.Regressions.SourceFolder ?? "Regressions",
            };
            return new FuzzRun(options, Console.Out).Run(chosen);
        });
        return root;
    }

    private static int List()
    {
        foreach (FuzzTarget target in FuzzTargets.Create())
            Console.WriteLine($"{target.Name,-14} {target.Description}");
        return 0;
    }

    private static List<FuzzTarget>? Choose(string[] names)
    {
        List<FuzzTarget> all = FuzzTargets.Create();
        if (names is ["all"])
            return all;
        foreach (string name in names)
        {
            if (!all.Exists(target => target.Name == name))
            {
                Console.Error.WriteLine($"There is no target '{name}'; --list shows them.");
                return null;
            }
        }

        return all.FindAll(target => names.Contains(target.Name));
    }

    private static int Replay(List<FuzzTarget> targets, FileInfo file)
    {
        byte[] input = File.ReadAllBytes(file.FullName);
        int broken = 0;
        foreach (FuzzTarget target in targets)
        {
            Attempt attempt = Attempt.Make(target, input);
            Console.WriteLine($"{target.Name,-14} {attempt.Allocated} bytes allocated, {attempt.Elapsed.TotalMilliseconds:0.###} ms: {attempt.Fault?.Description ?? "fine"}");
            if (attempt.Fault is { } fault)
            {
                broken++;
                Console.WriteLine(fault.Details);
            }
        }

        return broken;
    }
}
