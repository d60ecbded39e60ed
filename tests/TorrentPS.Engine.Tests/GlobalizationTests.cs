using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using TorrentPS.Engine.Tests.Hostile;
using TorrentPS.Engine.Tests.Http;
using TorrentPS.Engine.Tests.Metainfo;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Storage.Files;

namespace TorrentPS.Engine.Tests;

/// <summary>The module runs with ICU, as PowerShell does, and torrentps without it. Names, hosts and texts must be the same, so their tests run in both modes.</summary>
public sealed partial class GlobalizationTests
{
    /// <summary>The variable of .NET that switches ICU off.</summary>
    private const string Mode = "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT";

    /// <summary>The mode for which a test process was started; not set in the first process of a test run.</summary>
    private const string Asked = "TORRENTPS_TESTS_INVARIANT";

    /// <summary>All tests of these folders: texts shown to users, and texts of torrents and links.</summary>
    private static readonly string[] s_namespaces = ["TorrentPS.Engine.Tests.Display", "TorrentPS.Engine.Tests.Metainfo"];

    /// <summary>Others that compare names, fold case or parse hosts.</summary>
    private static readonly Type[] s_classes =
    [
        typeof(GlobalizationTests), typeof(PathEqualityTests), typeof(PathClaimsTests), typeof(ControlFileTests), typeof(ReuseTests), typeof(PathTraversalTests), typeof(AddressTests),
        typeof(HttpReplyParserTests), typeof(ReachRulesTests), typeof(Discovery.Local.LocalAnnounceTests), typeof(Gateways.UpnpDescriptionTests),
    ];

    /// <summary>They take long, and are about bytes only.</summary>
    private static readonly Type[] s_others = [typeof(TorrentFuzzTests), typeof(MerkleTests)];

    private static bool IsInvariant
    {
        get
        {
            try
            {
                return CultureInfo.GetCultureInfo("de-DE").NumberFormat.NumberDecimalSeparator != ",";
            }
            catch (CultureNotFoundException)
            {
                return true;
            }
        }
    }

    [Fact]
    public void The_requested_mode_is_used()
    {
        string? asked = Environment.GetEnvironmentVariable(Asked) ?? Environment.GetEnvironmentVariable(Mode);
        Assert.Equal(asked is not null && (asked == "1" || asked.Equals("true", StringComparison.OrdinalIgnoreCase)), IsInvariant);
    }

    [Fact]
    public void Hosts_letters_and_code_pages_are_the_same_in_both_modes()
    {
        Assert.Equal("xn--bcher-kva.example", new Uri("http://bücher.example/ü").IdnHost);
        Assert.Equal("/%C3%BC", new Uri("http://bücher.example/ü").AbsolutePath);
        Assert.Equal("ÉΣЖ", "éσж".ToUpperInvariant());
        Assert.Equal("ÉΣЖ", "éσж", StringComparer.OrdinalIgnoreCase);
        Assert.NotEqual("ß", "SS", StringComparer.OrdinalIgnoreCase);
        Assert.Equal("日本", new Engine.Metainfo.MetainfoText("shift_jis").Read([0x93, 0xFA, 0x96, 0x7B]));
    }

    [Fact]
    public async Task Names_and_texts_become_the_same_in_the_other_mode()
    {
        if (Environment.GetEnvironmentVariable(Asked) is not null)
            return;
        bool isInvariant = IsInvariant;
        (int exitCode, string output) = await RunAsync(!isInvariant,
            ["-noLogo", "-noColor", .. Classes().SelectMany(type => new[] { "-class", type.FullName! })]);
        Assert.SkipWhen(isInvariant && output.Contains("valid ICU package", StringComparison.Ordinal), "ICU is not installed, so that the module's mode cannot be tried: apt-get install libicu-dev");
        Assert.True(exitCode == 0, output);
        Match summary = Summary().Match(output);
        Assert.True(summary.Success && int.Parse(summary.Groups[1].Value, CultureInfo.InvariantCulture) > 300, output);
    }

    private static IEnumerable<Type> Classes() => typeof(GlobalizationTests).Assembly.GetExportedTypes()
        .Where(type => s_namespaces.Contains(type.Namespace) && type.Name.EndsWith("Tests", StringComparison.Ordinal))
        .Except(s_others).Union(s_classes);

    /// <summary>Runs some of these tests in a separate process.</summary>
    private static async Task<(int ExitCode, string Output)> RunAsync(bool isInvariant, IEnumerable<string> arguments)
    {
        Assembly tests = typeof(GlobalizationTests).Assembly;
        string program = Environment.ProcessPath!;
        bool isOwn = Path.GetFileNameWithoutExtension(program) == tests.GetName().Name;
        ProcessStartInfo start = new(isOwn ? program : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", isOwn ? arguments : [tests.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[Mode] = start.Environment[Asked] = isInvariant ? "1" : "0";
        using Process child = Process.Start(start)!;
        Task<string> output = child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> errors = child.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string all = await output + await errors;
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (child.ExitCode, all);
    }

    [GeneratedRegex("Total: ([0-9]+), Errors: 0, Failed: 0,")]
    private static partial Regex Summary();
}
