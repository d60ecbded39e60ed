using FsCheck.Xunit;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Fuzz.Fuzzing;
using TorrentPS.Fuzz.Targets;

namespace TorrentPS.Engine.Tests.Hostile;

/// <summary>
/// The fuzzer's targets with inputs that once broke them, with their seeds, with any bytes and with the same changed inputs each time; and the fuzzer itself.
/// </summary>
public sealed class FuzzTargetTests : IDisposable
{
    private readonly Lazy<List<FuzzTarget>> _targets = new(FuzzTargets.Create);

    public void Dispose()
    {
        if (_targets.IsValueCreated)
            _targets.Value.ForEach(target => target.Dispose());
    }

    public static TheoryData<string> Targets => [.. FuzzTargets.Create().Select(target => target.Name)];

    public static TheoryData<string> Kept => [.. Regressions.Names];

    /// <summary>The target throws if an input breaks something.</summary>
    [Theory]
    [MemberData(nameof(Kept))]
    public void Inputs_that_once_broke_a_target_no_longer_do(string name)
    {
        using FuzzTarget target = FuzzTargets.Create(name.Split('/')[0]);
        Check(target, Regressions.Read(name));
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Valid_inputs_and_some_mutations_break_nothing(string name)
    {
        using FuzzTarget target = FuzzTargets.Create(name);
        foreach (byte[] seed in target.Seeds)
            Check(target, seed);
        FuzzReport report = new Fuzzer(target, seed: 1).Run(TimeSpan.FromMinutes(5), maxInputs: 300);
        Assert.Equal(300, report.Inputs);
        Assert.Empty(report.Faults);
    }

    [Property(MaxTest = 200)]
    public void Any_bytes_break_nothing(byte[]? bytes)
    {
        foreach (FuzzTarget target in _targets.Value)
            Check(target, bytes ?? []);
    }

    /// <summary>The target throws if an input breaks something.</summary>
    [Theory]
    [MemberData(nameof(Targets))]
    public void Any_cut_of_a_good_input_breaks_nothing(string name)
    {
        using FuzzTarget target = FuzzTargets.Create(name);
        foreach (byte[] seed in target.Seeds)
        {
            for (int length = 0; length < seed.Length; length += 1 + seed.Length / 100)
                Check(target, seed[..length]);
        }
    }

    [Fact]
    public void A_fault_is_found_reduced_and_kept()
    {
        using TemporaryFolder folder = new();
        StringWriter output = new();
        using Broken target = new();
        FuzzRun run = new(new FuzzOptions { Duration = TimeSpan.FromMinutes(5), MaxInputs = 20_000, Seed = 7, Regressions = folder.Path }, output);
        Assert.Equal(1, run.Run([target]));
        string file = Assert.Single(Directory.GetFiles(folder["broken"], "InvalidOperation-*.bin"));
        Assert.Equal([(byte)'x'], File.ReadAllBytes(file));
        Assert.Contains("BROKEN broken: InvalidOperation", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_seed_tries_the_same_inputs()
    {
        long[] sums = [.. Enumerable.Range(0, 2).Select(_ =>
        {
            using Broken target = new() { Breaks = false };
            new Fuzzer(target, seed: 3).Run(TimeSpan.FromMinutes(5), maxInputs: 1000);
            return target.Sum;
        })];
        Assert.Equal(sums[0], sums[1]);
    }

    [Fact]
    public void Memory_beyond_the_limit_is_a_fault()
    {
        using Broken target = new() { Takes = 1 << 20 };
        Assert.Equal("Memory", Attempt.Make(target, [1]).Fault?.Kind);
        Assert.Null(Attempt.Make(new Broken(), [1]).Fault);
    }

    private static void Check(FuzzTarget target, byte[] input)
    {
        Attempt attempt = Attempt.MakeSure(target, input);
        Assert.True(attempt.Fault is null, $"{target.Name}: {attempt.Fault?.Details}\n{Convert.ToBase64String(input)}");
    }

    private sealed class Broken : FuzzTarget
    {
        public bool Breaks { get; init; } = true;

        public int Takes { get; init; }

        public long Sum { get; private set; }

        public override string Name => "broken";

        public override string Description => "breaks at an x";

        public override IReadOnlyList<byte[]> Seeds => ["abcdefghijklmnopqrstuvw"u8.ToArray()];

        public override InputShape Shape => InputShape.Bytes;

        public override int Try(byte[] input)
        {
            Sum = Sum * 31 + input.Length + input.Sum(value => value);
            GC.KeepAlive(new byte[Takes]);
            return Breaks && input.Contains((byte)'x') ? throw new InvalidOperationException("an x") : 0;
        }
    }
}
