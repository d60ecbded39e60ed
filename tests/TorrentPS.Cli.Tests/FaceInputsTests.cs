using System.CommandLine;
using TorrentPS.Cli.Commands;
using TorrentPS.Engine.Values;

namespace TorrentPS.Cli.Tests;

/// <summary>The cmdlets take the same in the same way.</summary>
public sealed class FaceInputsTests
{
    public static TheoryData<string, string?> Peers => FaceInputs.Peers;

    public static TheoryData<string, long?> Rates => FaceInputs.Rates;

    [Theory]
    [MemberData(nameof(Peers))]
    public void Peers_are_what_they_are_to_cmdlets(string text, string? expected)
    {
        Option<PeerAddress[]?> option = OptionFactory.Peers("");
        ParseResult result = new RootCommand { option }.Parse(["--peer", text]);
        Assert.Equal(expected, result.Errors.Count > 0 ? null : Assert.Single(result.GetValue(option)!).ToString());
    }

    [Theory]
    [MemberData(nameof(Rates))]
    public void Rates_are_what_they_are_to_cmdlets(string text, long? expected)
    {
        Option<long?> option = OptionFactory.Rate("--limit", "");
        ParseResult result = new RootCommand { option }.Parse([$"--limit={text}"]);
        Assert.Equal(expected, result.Errors.Count > 0 ? null : result.GetValue(option));
    }
}
